"""Names in released weights to ours, which are ASUKA's own; None: deliberately dropped. An unknown name is an error.

ASUKA's `mae_300.pth` and MAE-FAR's checkpoints hold the weights beside the arguments of the training run (an
`argparse.Namespace`, which is let through by name); facebook/vit-mae-base is a plain state dict.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from retouch.weights import read_tensors

if TYPE_CHECKING:
    from torch import Tensor

# What MAE-FAR added to the autoencoder: files have all of it or nothing.
PARTIAL = ("alpha", "decoder_patch_embed.proj.weight", "decoder_patch_embed.proj.bias")

# facebook/vit-mae-base. Without ".weight" and ".bias"; * is any number.
_BLOCK: dict[str, str] = {
    "layernorm_before": "norm1",
    "attention.attention.query": "attn.qkv",
    "attention.attention.key": "attn.qkv",
    "attention.attention.value": "attn.qkv",
    "attention.output.dense": "attn.proj",
    "layernorm_after": "norm2",
    "intermediate.dense": "mlp.fc1",
    "output.dense": "mlp.fc2",
}
_BLOCKS: dict[str, str] = {
    "vit.encoder.layer.*": "blocks.*",
    "decoder.decoder_layers.*": "decoder_blocks.*",
    "decoder.decoder_encoder.layer.*": "decoder_blocks.*",  # as transformers 5 writes it
}
HUB: dict[str, str | None] = {
    "vit.embeddings.cls_token": None,
    "vit.embeddings.position_embeddings": None,  # for another grid; they are computed
    "decoder.decoder_pos_embed": None,
    "decoder.mask_token": "mask_token",
    "vit.embeddings.patch_embeddings.projection": "patch_embed.proj",
    "vit.layernorm": "norm",
    "decoder.decoder_embed": "decoder_embed",
    "decoder.decoder_norm": "decoder_norm",
    "decoder.decoder_pred": "decoder_pred",
    **{f"{a}.{b}": f"{c}.{d}" for a, c in _BLOCKS.items() for b, d in _BLOCK.items()},
}
QKV = ("query", "key", "value")  # in this order, in one


def read_mae(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """Weights of a masked autoencoder under our names, of any of the three kinds of files; positions as they are there.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is damaged, or has an unknown name.
    """
    with torch.serialization.safe_globals([argparse.Namespace]):
        tensors = read_tensors(path)
    if any(key.startswith("vit.") for key in tensors):
        return convert_hub(tensors)
    return tensors  # the names are ours; whoever loads them refuses what is unknown


def read_alignment(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """Weights of an alignment under our names, errors as `read_mae`; the modulation, never used, is dropped."""
    tensors = read_tensors(path)
    return {key: value for key, value in tensors.items() if not re.fullmatch(r"\d+\.modulation\.lin\.\w+", key)}


def convert_hub(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of transformers' ViTMAEForPreTraining, as its files hold it, under our names.

    Raises:
        ValueError: an unknown name; queries, keys and values that are not complete.
    """
    converted: dict[str, Tensor] = {}
    parts: dict[str, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        ours = _our_name(key)
        if ours is None:
            continue
        if "attn.qkv" in ours:
            parts.setdefault(ours, {})[key.split(".")[-2]] = value
        else:
            converted[ours] = value
    for name, found in parts.items():
        if set(found) != set(QKV):
            raise ValueError(f"key: {name!r} has {', '.join(found)} only; accepted: {', '.join(QKV)}")
        converted[name] = torch.cat([found[part] for part in QKV])  # [3 D, D] or [3 D]
    return converted


def _our_name(key: str) -> str | None:
    if key in HUB:
        return HUB[key]
    layer, _, kind = key.rpartition(".")
    number = re.search(r"(?<=\.)\d+(?=\.)", layer)
    pattern = layer if number is None else layer.replace(number[0], "*", 1)
    ours = HUB.get(pattern) if kind in ("weight", "bias") else None
    if ours is None:
        raise ValueError(f"key: {key!r} is unknown; accepted: names of facebook/vit-mae-base")
    return f"{ours}.{kind}" if number is None else f"{ours.replace('*', number[0])}.{kind}"
