"""Names of the released code's weights, and of DINOv2's official file, to ours; None: deliberately dropped.

No weights of the method have been published; those that its code trains have these names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

# Layers, without ".weight" and ".bias"; * is any number.
LAYERS: dict[str, str | None] = {
    "dino_map_mlp.layers.*": "adapt.*",
    "encoder.encoder.inp_module.*": "encoder.enter.*",
    "encoder.encoder.downs.*.*": "encoder.downs.*.*",
    "encoder.encoder.mid_res.*.conv_block.*": "encoder.bottleneck.*.convolutions.*",
    "encoder.encoder.mid_res.*.adapter_mlp": "encoder.bottleneck.*.factors",
    "encoder.encoder.ups.*.*": "encoder.ups.*.*",
    "encoder.encoder.skip_linear.*": None,  # built, never used
    "encoder.encoder.out_module.*": "encoder.leave.*",
    "encoder.conv_out": "encoder.to_patches",
    "feature_map.cholesky_linear": "decoder.covariance.query",
    "feature_map.mlp_gaudict.layers.*": "decoder.covariance.keys.*",
    "feature_map.color_mlp.layers.*": "decoder.colour.*",
    "feature_map.mlp_xy.layers.*": "decoder.offset.*",
}
FROZEN = "dino_model."  # the semantic encoder is no part of the generator: dropped

# DINOv2's official names (`dinov2_vitb14_pretrain.pth`) to the hub's.
DINOV2: dict[str, str] = {
    "cls_token": "embeddings.cls_token",
    "mask_token": "embeddings.mask_token",
    "pos_embed": "embeddings.position_embeddings",
    "patch_embed.proj.weight": "embeddings.patch_embeddings.projection.weight",
    "patch_embed.proj.bias": "embeddings.patch_embeddings.projection.bias",
    "blocks.*.norm1.weight": "encoder.layer.*.norm1.weight",
    "blocks.*.norm1.bias": "encoder.layer.*.norm1.bias",
    "blocks.*.attn.qkv.weight": "encoder.layer.*.attention.attention.{}.weight",  # queries, keys, values in one
    "blocks.*.attn.qkv.bias": "encoder.layer.*.attention.attention.{}.bias",
    "blocks.*.attn.proj.weight": "encoder.layer.*.attention.output.dense.weight",
    "blocks.*.attn.proj.bias": "encoder.layer.*.attention.output.dense.bias",
    "blocks.*.ls1.gamma": "encoder.layer.*.layer_scale1.lambda1",
    "blocks.*.norm2.weight": "encoder.layer.*.norm2.weight",
    "blocks.*.norm2.bias": "encoder.layer.*.norm2.bias",
    "blocks.*.mlp.fc1.weight": "encoder.layer.*.mlp.fc1.weight",
    "blocks.*.mlp.fc1.bias": "encoder.layer.*.mlp.fc1.bias",
    "blocks.*.mlp.fc2.weight": "encoder.layer.*.mlp.fc2.weight",
    "blocks.*.mlp.fc2.bias": "encoder.layer.*.mlp.fc2.bias",
    "blocks.*.ls2.gamma": "encoder.layer.*.layer_scale2.lambda1",
    "norm.weight": "layernorm.weight",
    "norm.bias": "layernorm.bias",
}


def our_name(key: str) -> str | None:
    """Our name of one of the released code's weights; None: it is dropped.

    Raises:
        ValueError: an unknown name.
    """
    if key.startswith(FROZEN):
        return None
    layer, _, kind = key.rpartition(".")
    pattern, numbers = _numbers(layer)
    if pattern not in LAYERS or kind not in ("weight", "bias"):
        raise ValueError(f"key: {key!r} is unknown; accepted: names of the released 2DGS-inpaint generator")
    ours = LAYERS[pattern]
    return None if ours is None else f"{_filled(ours, numbers)}.{kind}"


def convert(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of the released code's generator, under our names.

    Raises:
        ValueError: an unknown name.
    """
    return {name: value for key, value in tensors.items() if (name := our_name(key)) is not None}


def convert_dinov2(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of DINOv2's official code, under the names of the hub's files.

    Raises:
        ValueError: an unknown name.
    """
    converted = {}
    for key, value in tensors.items():
        pattern, numbers = _numbers(key)
        if pattern not in DINOV2:
            raise ValueError(f"key: {key!r} is unknown; accepted: names of DINOv2's official backbone")
        name = _filled(DINOV2[pattern], numbers)
        if "{}" not in name:
            converted[name] = value
            continue
        for part, rows in zip(("query", "key", "value"), value.chunk(3), strict=True):
            converted[name.format(part)] = rows
    return converted


def _numbers(name: str) -> tuple[str, list[str]]:
    """A name with its numbers replaced by *, and the numbers."""
    return re.sub(r"(?<=\.)\d+(?=\.|$)", "*", name), re.findall(r"(?<=\.)\d+(?=\.|$)", name)


def _filled(pattern: str, numbers: list[str]) -> str:
    for number in numbers:
        pattern = pattern.replace("*", number, 1)
    return pattern
