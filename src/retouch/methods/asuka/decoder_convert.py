"""Names in released decoders to ours, which are diffusers'; None: deliberately dropped. An unknown name is an error.

Files are those of ASUKA's `asuka_decoder.ckpt` and of Zhu et al.: a training checkpoint, "encoder." and "decoder."
before the names, beside them the losses' networks.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from retouch.methods.asuka.decoder_config import LEVELS
from retouch.weights import read_tensors

if TYPE_CHECKING:
    from torch import Tensor

# Layers, without ".weight" and ".bias"; * is any number.
_RESIDUAL: dict[str, str] = {
    "norm1": "norm1",
    "conv1": "conv1",
    "norm2": "norm2",
    "conv2": "conv2",
    "nin_shortcut": "conv_shortcut",
}
_EITHER: dict[str, str | None] = {
    "conv_in": "conv_in",
    **{f"mid.block_1.{a}": f"mid_block.resnets.0.{b}" for a, b in _RESIDUAL.items()},
    "mid.attn_1.norm": "mid_block.attentions.0.group_norm",
    "mid.attn_1.q": "mid_block.attentions.0.to_q",
    "mid.attn_1.k": "mid_block.attentions.0.to_k",
    "mid.attn_1.v": "mid_block.attentions.0.to_v",
    "mid.attn_1.proj_out": "mid_block.attentions.0.to_out.0",
    **{f"mid.block_2.{a}": f"mid_block.resnets.1.{b}" for a, b in _RESIDUAL.items()},
    "norm_out": "conv_norm_out",
    "conv_out": "conv_out",
}
ENCODER: dict[str, str | None] = {
    **_EITHER,
    **{f"down.*.block.*.{a}": f"down_blocks.*.resnets.*.{b}" for a, b in _RESIDUAL.items()},
    "down.*.downsample.conv": "down_blocks.*.downsamplers.0.conv",
}
DECODER: dict[str, str | None] = {
    **_EITHER,
    **{f"up.*.block.*.{a}": f"up_blocks.*.resnets.*.{b}" for a, b in _RESIDUAL.items()},
    "up.*.upsample.conv": "up_blocks.*.upsamplers.0.conv",
    "encoder.layers.*": "condition_encoder.layers.*",
    "up_layers.*.deconv": None,  # built, never used
}
DROPPED = ("loss.",)  # networks of the training
KEPT = ("quant_conv.", "post_quant_conv.")


def read_autoencoder(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """Weights of a released file under the names of `AsukaAutoencoder`; the encoder's only where the file has them.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is damaged, has an unknown name, or no decoder.
    """
    with torch.serialization.safe_globals([argparse.Namespace]):
        tensors = read_tensors(path)
    try:
        converted = convert(tensors)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    if not any(key.startswith("decoder.") for key in converted):
        raise ValueError(f"{path}: has no decoder; accepted: asuka_decoder.ckpt or a file of its names")
    return converted


def convert(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A released state dict, with "encoder." and "decoder." before the names, under the names of `AsukaAutoencoder`.

    Raises:
        ValueError: an unknown name.
    """
    converted = {}
    for key, value in tensors.items():
        half, _, rest = key.partition(".")
        if key.startswith(KEPT):
            converted[key] = value
        elif half in ("encoder", "decoder"):
            name = our_name(rest, ENCODER if half == "encoder" else DECODER)
            if name is not None:
                converted[f"{half}.{name}"] = as_ours(name, value)
        elif not key.startswith(DROPPED):
            raise ValueError(f"key: {key!r} is unknown; accepted: names that begin with encoder. or decoder.")
    return converted


def convert_decoder(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A released decoder's own state dict, nothing before the names, under the names of `ConditionedDecoder`.

    Raises:
        ValueError: an unknown name.
    """
    named = {key: our_name(key, DECODER) for key in tensors}
    return {name: as_ours(name, tensors[key]) for key, name in named.items() if name is not None}


def our_name(key: str, layers: Mapping[str, str | None]) -> str | None:
    """Our name of one of the released weights of an encoder or decoder; None: it is dropped.

    Raises:
        ValueError: an unknown name.
    """
    layer, _, kind = key.rpartition(".")
    numbers = [int(number) for number in re.findall(r"(?<=\.)\d+(?=\.|$)", layer)]
    pattern = re.sub(r"(?<=\.)\d+(?=\.|$)", "*", layer)
    if pattern not in layers or kind not in ("weight", "bias"):
        raise ValueError(f"key: {key!r} is unknown; accepted: names of the released decoder")
    ours = layers[pattern]
    if ours is None:
        return None
    if pattern.startswith("up."):
        numbers[0] = LEVELS - 1 - numbers[0]  # they count from the finest level, diffusers from the coarsest
    for number in numbers:
        ours = ours.replace("*", str(number), 1)
    return f"{ours}.{kind}"


def as_ours(name: str, value: Tensor) -> Tensor:
    """Attention is made of 1 x 1 convolutions there, of matrices here."""
    return value[:, :, 0, 0] if ".attentions." in name and value.ndim == 4 else value


def with_mask_channel(weight: Tensor) -> Tensor:
    """The condition encoder's first weight [C, 3, k, k] with a fourth channel, the mask's, of zeros."""
    return F.pad(weight, (0, 0, 0, 0, 0, 1)) if weight.shape[1] == 3 else weight
