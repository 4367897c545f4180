"""PSM's perceptual loss (Eq. 9): a high receptive field, or VGG16 where no ResNet-50 is at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from retouch.train.losses.perceptual import (
    high_receptive_field,
    load_resnet,
    load_vgg,
    look,
    map_distance,
    resnet_maps,
    vgg_maps,
)
from retouch.weights import WeightsMissing

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from retouch.train.losses.perceptual import Maps

# Mean squares of VGG16's four layers over training photos. Its activations grow with depth where ResNet's are
# normalised; divided by these, both losses are of the order of 1 for an unfilled hole, so that one weight fits both.
VGG_POWERS = (2.5, 9.4, 24.0, 7.3)


@dataclass(frozen=True)
class Judge:
    """A perceptual loss.

    Attributes:
        name: of the network that looks: "resnet50" or "vgg16".
        distance: of (prediction, truth), both [B, 3, H, W] in [0, 1]: a scalar.
    """

    name: str
    distance: Callable[[Tensor, Tensor], Tensor]


def find_judge(name: str, weights: Path | None, scale: float = 1.0) -> Judge:
    """The judge called `name`, "resnet50" or "vgg16"; "auto": the first of them whose weights are found.

    Args:
        name: of the network.
        weights: its file, or a folder that holds it; None: folders in RETOUCH_WEIGHTS, then the hub.
        scale: VGG16 looks at photos of this scale: 1, 1/2, 1/3, ...

    Raises:
        WeightsMissing: no such weights here; the message says where they are obtained.
        ValueError: another name or scale, or a file with another content.
    """
    if name == "vgg16":
        return Judge(name, partial(vgg_distance, vgg_maps(load_vgg(weights), scale=scale)))
    if name == "resnet50":
        return Judge(name, partial(high_receptive_field, resnet_maps(load_resnet(weights))))
    if name != "auto":
        raise ValueError(f"judge: is {name!r}; accepted: auto, resnet50, vgg16")
    try:
        return find_judge("resnet50", weights, scale)
    except WeightsMissing:
        return find_judge("vgg16", weights, scale)


def vgg_distance(maps: Maps, prediction: Tensor, truth: Tensor) -> Tensor:
    """sum over VGG16's layers of the mean squared difference, as a share of the layer's mean square on photos."""
    return map_distance(*look(maps, prediction, truth), weights=[1 / power for power in VGG_POWERS])
