"""The frozen networks that the semantic token comes from (the paper's section 3.4): DINOv2, or a stand-in."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from retouch.features import load
from retouch.features.transformer import DINOV2, load_tower
from retouch.features.vgg import imagenet_normalise
from retouch.methods.gaussian.config import TOKEN_WIDTHS
from retouch.methods.gaussian.convert import convert_dinov2
from retouch.weights import read_tensors

if TYPE_CHECKING:
    from retouch.methods.gaussian.config import Network, Semantics

SIDE = 224  # pixels, and 16 x 16 patches of DINOv2's 14

DINOV2_BASE = replace(
    DINOV2,
    name="dinov2-base",
    repo="facebook/dinov2-base",
    revision="f9e44c814b77203eaa57a6bdbbd535f21ede1415",
)


@dataclass(frozen=True, eq=False)
class SemanticEncoder:
    """A frozen network; no part of the generator, so that it is neither trained nor saved with it.

    Attributes:
        name: as the configuration names it.
        width: length d of the token.
        feature: [B, 3, 224, 224] in [0, 1] to [B, d].
    """

    name: Semantics
    width: int
    feature: Callable[[Tensor], Tensor]

    @property
    def label(self) -> str:
        """For reports: results with a stand-in are no results of the paper's method."""
        return self.name if self.name == "dinov2" else f"{self.name} (stand-in for dinov2)"

    def __call__(self, images: Tensor) -> Tensor:
        """The token [B, d], without gradient, of images [B, 3, H, W] in [0, 1], 0 in the hole where they have one.

        Images of any shape are squeezed to 224 x 224, bilinear with antialiasing.
        """
        with torch.no_grad():
            small = F.interpolate(images.float(), (SIDE, SIDE), mode="bilinear", antialias=True)  # [B, 3, 224, 224]
            return self.feature(small)


def semantic_encoder(
    network: Network, weights: str | os.PathLike[str] | None = None, device: str = "cpu"
) -> SemanticEncoder | None:
    """The encoder that `network.semantics` names, with its public weights; None for "none".

    Args:
        network: whose `semantics` and `normalise` count.
        weights: file or folder of that network's weights (DINOv2: also the official `.pth`), or a folder that holds
            the folder `dinov2-base`; None: folders in RETOUCH_WEIGHTS, then the hub.
        device: where it runs.

    Raises:
        As `retouch.features.load`.
    """
    name = network.semantics
    if name == "none":
        return None
    if name == "vgg16":
        vgg = load("vgg16-relu5_3", weights, device).feature  # it normalises by itself, from 0..255
        feature: Callable[[Tensor], Tensor] = lambda x: vgg(255 * x)  # noqa: E731
    elif name == "efficientnet-lite":
        feature = _normalised(load("efficientnet-lite0", weights, device).feature)
    else:
        feature = _dinov2(weights, device)
        feature = _normalised(feature) if network.normalise == "imagenet" else feature
    return SemanticEncoder(name, TOKEN_WIDTHS[name], feature)


def official_dinov2(tensors: Mapping[str, Tensor], device: str = "cpu") -> Callable[[Tensor], Tensor]:
    """[B, 3, 224, 224] to DINOv2 ViT-B/14's CLS token [B, 768], weights under their official names.

    Positions are interpolated as by the official code; the hub's own model does it slightly otherwise.

    Raises:
        ValueError: an unknown name.
    """
    transformers: Any = importlib.import_module("transformers")  # by name: type checkers need not have the extra
    positions = interpolate_positions(tensors["pos_embed"], SIDE // 14)  # [1, 257, 768]
    state = convert_dinov2({**tensors, "pos_embed": positions})
    config = transformers.Dinov2Config(image_size=SIDE, patch_size=14)
    model = transformers.Dinov2Model.from_pretrained(None, config=config, state_dict=state).eval().to(device)
    return lambda x: model(pixel_values=x).pooler_output


def interpolate_positions(positions: Tensor, side: int) -> Tensor:
    """DINOv2's position embeddings [1, 1 + n * n, d] for side x side patches, [1, 1 + side * side, d]: bicubic.

    The official code scales by (side + 0.1) / n, not to a size, which moves the samples a little.
    """
    n = round((positions.shape[1] - 1) ** 0.5)
    grid = positions[:, 1:].reshape(1, n, n, -1).movedim(3, 1)  # [1, d, n, n]
    factor = (side + 0.1) / n
    grid = F.interpolate(grid, scale_factor=(factor, factor), mode="bicubic")  # [1, d, side, side]
    return torch.cat([positions[:, :1], grid.flatten(2).transpose(1, 2)], 1)


def _normalised(feature: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda x: feature(imagenet_normalise(255 * x))


def _dinov2(weights: str | os.PathLike[str] | None, device: str) -> Callable[[Tensor], Tensor]:
    if weights is not None and Path(weights).suffix == ".pth":
        return official_dinov2(read_tensors(weights), device)
    if weights is not None and (Path(weights) / DINOV2_BASE.name).is_dir():
        weights = Path(weights) / DINOV2_BASE.name
    return load_tower(DINOV2_BASE, weights, device).feature
