"""AlphaCLIP's image tower: CLIP's with a fourth input channel, 1 on what to look at (Sun et al. 2024)."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from retouch.weights import fill_module, read_tensors

if TYPE_CHECKING:
    import os

    from retouch.methods.base import Masks

_MEAN, _DEVIATION = 0.5, 0.26  # of the fourth channel
_BLOCK = re.compile(r"transformer\.resblocks\.(\d+)\.(.+)\.(weight|bias)")
_IN_BLOCKS = {
    "attn.out_proj": "self_attn.out_proj",
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}
_OUTSIDE = {
    "class_embedding": "vision.embeddings.class_embedding",
    "positional_embedding": "vision.embeddings.position_embedding.weight",
    "conv1.weight": "vision.embeddings.patch_embedding.colour.weight",
    "conv1_alpha.weight": "vision.embeddings.patch_embedding.alpha.weight",
    "ln_pre.weight": "vision.pre_layrnorm.weight",
    "ln_pre.bias": "vision.pre_layrnorm.bias",
    "ln_post.weight": "vision.post_layernorm.weight",
    "ln_post.bias": "vision.post_layernorm.bias",
}


class AlphaPatches(nn.Module):
    """Patches of colour and of alpha, each through its own convolution, summed."""

    def __init__(self, colour: nn.Conv2d) -> None:
        super().__init__()
        self.colour = colour
        size, stride = colour.kernel_size[0], colour.stride[0]
        # Without values, which are about to come from a file: drawing some would disturb torch's generator.
        empty = nn.Conv2d(1, colour.out_channels, size, stride, bias=False, device="meta")
        self.alpha = empty.to_empty(device=colour.weight.device)

    @property
    def weight(self) -> Tensor:
        """That of the colours: CLIP's embedding asks for its type."""
        return self.colour.weight

    def forward(self, x: Tensor) -> Tensor:
        """[B, 4, S, S] to [B, width, g, g]."""
        patches: Tensor = self.colour(x[:, :3]) + self.alpha(x[:, 3:])
        return patches


class AlphaTower(nn.Module):
    """[B, 4, S, S] to [B, d]."""

    def __init__(self, clip: Any) -> None:
        """Made of a copy of the image tower of a CLIPModel; `alpha` has no values yet."""
        super().__init__()
        self.vision = copy.deepcopy(clip.vision_model)
        self.vision.embeddings.patch_embedding = AlphaPatches(self.vision.embeddings.patch_embedding)
        self.projection = copy.deepcopy(clip.visual_projection)

    def forward(self, x: Tensor) -> Tensor:
        """Features of images with alpha."""
        features: Tensor = self.projection(self.vision(pixel_values=x).pooler_output)
        return features


def alpha_tower(clip: Any, path: str | os.PathLike[str]) -> AlphaTower:
    """The tower with AlphaCLIP's released weights.

    Args:
        clip: the CLIPModel of the same size.
        path: the .pth file of its image tower.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, or of another model.
    """
    tower = AlphaTower(clip)
    fill_module(tower, converted(read_tensors(path)), path)
    return tower.requires_grad_(False).eval().to(clip.device)


def converted(released: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """AlphaCLIP's names and layout as `AlphaTower`'s; names that are not known stay, and are refused when filled in."""
    tensors: dict[str, Tensor] = {}
    for key, value in released.items():
        block = _BLOCK.fullmatch(key)
        if key == "proj":
            tensors["projection.weight"] = value.T  # theirs multiplies from the right
        elif block is None:
            tensors[_OUTSIDE.get(key, key)] = value
        else:
            number, part, kind = block.groups()
            start = f"vision.encoder.layers.{number}"
            if part == "attn.in_proj":
                for name, third in zip("qkv", value.chunk(3), strict=True):
                    tensors[f"{start}.self_attn.{name}_proj.{kind}"] = third
            else:
                tensors[f"{start}.{_IN_BLOCKS.get(part, part)}.{kind}"] = value
    return tensors


def with_alpha(pixels: Tensor, mask: Masks) -> Tensor:
    """[4, S, S]: prepared colours [3, S, S], and the mask [H, W] scaled to them and normalised as AlphaCLIP expects."""
    side = pixels.shape[-1]
    grey = Image.fromarray(mask.astype(np.uint8) * 255).resize((side, side), Image.Resampling.BILINEAR)
    alpha = (torch.from_numpy(np.asarray(grey, np.float32) / 255) - _MEAN) / _DEVIATION  # [S, S]
    return torch.cat([pixels, alpha[None]])
