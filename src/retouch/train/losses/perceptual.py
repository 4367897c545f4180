"""Distances between feature maps: LPIPS, VGG16 (features and style), and the high-receptive-field loss.

Images are [B, 3, H, W] in [0, 1] here; what a network wants besides is done here. A prediction may leave the range, a
truth may not. The networks run in autocast's precision, the distances in float32; gradients reach the prediction only.

What this file makes are plain functions that hold a frozen network, so that a recipe cannot save one by accident; a
network follows the images to their device.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from retouch.features import sources
from retouch.features.loaders import empty_network, fill_network
from retouch.features.vgg import IMAGENET_DEVIATION, IMAGENET_MEAN, Vgg16
from retouch.train.losses.pixel import check_pair, check_range, full
from retouch.weights import Weights

if TYPE_CHECKING:
    from retouch.features.lpips import Lpips
    from retouch.features.resnet import ResNet50

    Path: TypeAlias = str | os.PathLike[str] | None
    Module = TypeVar("Module", bound=nn.Module)

Maps: TypeAlias = Callable[[Tensor], Sequence[Tensor]]
"""Images [B, 3, H, W] in [0, 1] to feature maps, each [B, C, h, w]."""

Judge: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""(prediction, truth), each [B, 3, H, W], the truth in [0, 1], to a scalar."""

Distance: TypeAlias = Literal["squared", "l1"]

# Places of VGG16's ReLUs in the public numbering of `features`, by block.
_PLACES = {1: (1, 3), 2: (6, 8), 3: (11, 13, 15), 4: (18, 20, 22), 5: (25, 27, 29)}
RELUS = {f"relu{block}_{k}": place for block, places in _PLACES.items() for k, place in enumerate(places, 1)}
SMALLEST = 32  # side of an image that the networks still shrink to something


def lpips_loss(network: Lpips, scale: float = 1.0) -> Judge:
    """LPIPS as a loss: the function (prediction, truth) -> mean over the batch of Zhang et al. 2018, Eq. 1.

    The value is that of the metric, `retouch.bench.metrics.lpips`, averaged over the images. 2DGS inpainting trains
    with AlexNet (and feeds it [0, 1], a slip not followed here), ASUKA's decoder with VGG.

    Args:
        network: what `retouch.features.loaders.load_lpips` gives; it is frozen here.
        scale: look at images of this scale: 1, 1/2, 1/3, ...

    Raises:
        ValueError: another scale. The function raises it for images of other shapes, ranges, or below 32 pixels.
    """
    factor = _factor(scale)
    network.requires_grad_(False).eval()

    def maps(images: Tensor) -> list[Tensor]:
        x = _enter(network, images, factor)  # [B, 3, h, w]
        return [_unit(full(a)) for a in network.net(network.scaling_layer(2 * x - 1))]

    def loss(prediction: Tensor, truth: Tensor) -> Tensor:
        ours, theirs = look(maps, prediction, truth)
        heads = [network.get_parameter(f"lin{k}.model.1.weight")[0] for k in range(5)]  # [C, 1, 1] each
        layers = [(head * (a - b).square()).sum(1).mean() for head, a, b in zip(heads, ours, theirs, strict=True)]
        return torch.stack(layers).sum()

    return loss


def vgg_maps(
    network: Vgg16, layers: Sequence[str] = ("relu1_2", "relu2_2", "relu3_3", "relu4_3"), scale: float = 1.0
) -> Maps:
    """Images to VGG16's activations, for `map_distance` and `style_distance`; the layers of Johnson et al. 2016.

    Args:
        network: what `load_vgg` gives; it is frozen here.
        layers: names of ReLUs, "relu1_1" to "relu5_3"; the maps come in this order.
        scale: look at images of this scale: 1, 1/2, 1/3, ...; half costs less than a third.

    Raises:
        ValueError: an unknown or no layer, or another scale.
    """
    unknown = [name for name in layers if name not in RELUS]
    if unknown or not layers:
        raise ValueError(f"layers: has {unknown[0] if unknown else 'none'!r}; accepted: {', '.join(RELUS)}")
    places = [RELUS[name] for name in layers]
    factor = _factor(scale)
    network.requires_grad_(False).eval()

    def maps(images: Tensor) -> list[Tensor]:
        x = _normalise(_enter(network, images, factor))  # [B, 3, h, w]
        seen = {}
        for place in range(max(places) + 1):
            x = network.features[place](x)
            seen[place] = x
        return [seen[place] for place in places]

    return maps


def resnet_maps(network: ResNet50) -> Maps:
    """Images to the four stages of a ResNet-50, for `high_receptive_field`: sizes H/4, H/8, H/8, H/8 where dilated.

    Args:
        network: what `load_resnet` gives; it is frozen here.
    """
    network.requires_grad_(False).eval()

    def maps(images: Tensor) -> list[Tensor]:
        return network.stages(_normalise(_enter(network, images, 1)))[1:]

    return maps


def high_receptive_field(maps: Maps, prediction: Tensor, truth: Tensor) -> Tensor:
    """sum over maps of the mean squared difference (LaMa, Suvorov et al. 2022, section 2.2; PSM Eq. 9).

    Means, not sums: LaMa's and PSM's weights (30 beside an adversarial 10, 2 beside 1) are for these.

    Args:
        maps: any function from images to feature maps; both papers look through a dilated ResNet-50 (`resnet_maps`)
            trained to segment.
        prediction: [B, 3, H, W].
        truth: the same shape, in [0, 1].

    Raises:
        ValueError: as `look`.
    """
    return map_distance(*look(maps, prediction, truth))


def look(maps: Maps, prediction: Tensor, truth: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Feature maps of the prediction and, without gradient, of the truth; one look serves several distances.

    Raises:
        ValueError: images that are no floats [B, 3, H, W] of one shape, or a truth outside [0, 1] (checking it
            waits for the device).
    """
    check_pair(prediction, truth)
    if prediction.shape[1] != 3:
        raise ValueError(f"prediction: has {prediction.shape[1]} channels; accepted: 3")
    check_range("truth", truth, 0, 1)
    ours = list(maps(prediction))
    with torch.no_grad():
        return ours, list(maps(truth))


def map_distance(
    ours: Sequence[Tensor],
    theirs: Sequence[Tensor],
    weights: Sequence[float] | None = None,
    distance: Distance = "squared",
) -> Tensor:
    """sum over maps of weight * mean |a - b|^2, or |a - b| (perceptual loss; Johnson et al. 2016, Eq. 2).

    Args:
        ours: maps of the prediction, each [B, ...].
        theirs: those of the truth.
        weights: one a map; None: 1 each.
        distance: "squared" or "l1".

    Raises:
        ValueError: maps that differ in number or shape, another number of weights, another distance.
    """
    weights = [1.0] * len(ours) if weights is None else weights
    if [a.shape for a in ours] != [b.shape for b in theirs] or not ours:
        shapes = " and ".join(str([tuple(x.shape) for x in maps]) for maps in (ours, theirs))
        raise ValueError(f"ours, theirs: have shapes {shapes}; accepted: equal ones, at least one map")
    if len(weights) != len(ours) or not all(0 <= w < float("inf") for w in weights):
        raise ValueError(f"weights: is {list(weights)}; accepted: {len(ours)} finite numbers from 0 up, one a map")
    if distance not in ("squared", "l1"):
        raise ValueError(f"distance: is {distance!r}; accepted: 'squared', 'l1'")
    differences = [full(a) - full(b.detach()) for a, b in zip(ours, theirs, strict=True)]
    each = [(d.square() if distance == "squared" else d.abs()).mean() for d in differences]
    return torch.stack([w * value for w, value in zip(weights, each, strict=True)]).sum()


def style_distance(
    ours: Sequence[Tensor],
    theirs: Sequence[Tensor],
    weights: Sequence[float] | None = None,
    distance: Distance = "squared",
) -> Tensor:
    """`map_distance` of Gram matrices: squared, Johnson et al. 2016, Eq. 4; "l1", Liu et al. 2018.

    The mean over a matrix's C x C entries, as Liu et al.; Johnson et al. add them up (C^2 times as much).

    Raises:
        ValueError: as `map_distance`.
    """
    return map_distance([gram(a) for a in ours], [gram(b) for b in theirs], weights, distance)


def gram(x: Tensor) -> Tensor:
    """G = A A^T / (C h w) of maps A [B, C, h w], given as [B, C, h, w]: [B, C, C], in float32 (Johnson et al. 2016)."""
    a = full(x).flatten(2)  # [B, C, h w]
    with torch.autocast(x.device.type, enabled=False):
        return a @ a.mT / (a.shape[1] * a.shape[2])


def load_vgg(weights: Path = None) -> Vgg16:
    """VGG16's convolutions with their public weights.

    Args:
        weights: file, or folder that holds it; None: folders in RETOUCH_WEIGHTS, then the hub.

    Raises:
        ValueError: a file with another content.
        WeightsMissing: no such weights here; the message says where they are obtained.
    """
    return _load(lambda: Vgg16(classifier=False), sources.VGG16_FEATURES, weights)


def load_resnet(weights: Path = None) -> ResNet50:
    """Dilated ResNet-50 with the public ImageNet weights, or others of the same names; arguments as `load_vgg`."""
    from retouch.features.resnet import ResNet50

    return _load(lambda: ResNet50(dilated=True, classifier=False), sources.RESNET50, weights)


def _load(make: Callable[[], Module], source: Weights, path: Path) -> Module:
    network = empty_network(make)
    parts = {name for name, _ in network.named_children()}

    # A classifier in the file is left out: the network is built without.
    def own(tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return {k: v for k, v in tensors.items() if k.split(".")[0] in parts}

    fill_network(network, source, path, "cpu", own)
    return network


def _factor(scale: float) -> int:
    """n of a scale 1/n."""
    n = round(1 / scale) if 0 < scale <= 1 else 0
    if n == 0 or abs(n * scale - 1) > 0.02:
        raise ValueError(f"scale: is {scale}; accepted: 1, 1/2, 1/3, ...")
    return n


def _enter(network: nn.Module, images: Tensor, n: int) -> Tensor:
    """Images [B, 3, h, w] at 1/n in the network's precision; the network goes to their device."""
    if min(images.shape[2:]) < n * SMALLEST:
        raise ValueError(f"images: are {list(images.shape)}; accepted: sides of at least {n * SMALLEST}")
    network.to(images.device)
    images = images.to(next(network.parameters()).dtype)
    # Block means, and what is left of a block at the lower right: cheap, free of aliases, every pixel counts.
    return images if n == 1 else F.avg_pool2d(images, n, ceil_mode=True)


def _normalise(images: Tensor) -> Tensor:
    mean = images.new_tensor(IMAGENET_MEAN)[:, None, None]  # [3, 1, 1]
    deviation = images.new_tensor(IMAGENET_DEVIATION)[:, None, None]  # [3, 1, 1]
    return (images - mean) / deviation


def _unit(x: Tensor) -> Tensor:
    # As the metric's, but a pixel without any activation has the gradient 0, not NaN.
    length = x.square().sum(1, keepdim=True).clamp_min(1e-20).sqrt()  # [B, 1, h, w]
    return x / (length + 1e-10)
