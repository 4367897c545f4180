"""Own small networks as a base in diffusers' layout, which `asuka-align` and the cards take by its path.

base/vae         write_vae, of an export of asuka-vae; its latents scaled to a deviation of 1
base/unet        write_denoiser, of an export of asuka-denoiser
base/scheduler   write_denoiser
base/empty.safetensors   write_denoiser: its learnt tokens, told for no text
"""

from __future__ import annotations

import importlib
import math
import os
import re
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from retouch.atomic import atomic
from retouch.data.training.fixed import fixed_samples
from retouch.data.training.loader import to_tensors
from retouch.data.training.photos import photos_in
from retouch.methods.asuka.decoder_config import VaeConfig
from retouch.methods.asuka.decoder_load import CONDITION, NETWORK
from retouch.methods.asuka.denoiser_config import DenoiserConfig
from retouch.methods.asuka.recipe_denoiser import NETWORK as UNET
from retouch.methods.asuka.recipe_denoiser import TOKENS, make_unet, noise_of
from retouch.methods.asuka.release import EMPTY
from retouch.methods.asuka.sample import solver
from retouch.methods.torch_method import load_network
from retouch.train.export import load_export
from retouch.weights import fill_module

BATCH = 8


def write_vae(
    card: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    photos: str | os.PathLike[str],
    *,
    size: int = 128,
    limit: int = 64,
) -> float:
    """Write `folder`/vae, an `AutoencoderKL`, and return its scaling factor: 1 / deviation of the photos' latents.

    Noise has a deviation of 1, so latents must have one too (Rombach et al. 2022, appendix G).

    Args:
        card: the .json of an export of `asuka-vae`.
        folder: of the base, made where missing.
        photos: a folder, whose latents are looked at.
        size: side of the centre squares that are encoded, in pixels.
        limit: at most so many photos.

    Raises:
        FileNotFoundError: there is no such card, or no photo.
        FileExistsError: `folder` has a vae already.
        ValueError: it is damaged or of another method, or photos cannot be used.
    """
    target = _new(folder, "vae")
    export = load_export(card, "asuka-vae")
    config = VaeConfig.model_validate(export.card.config).network
    vae: Any = importlib.import_module("diffusers").AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * len(config.widths),
        up_block_types=("UpDecoderBlock2D",) * len(config.widths),
        block_out_channels=config.widths,
        layers_per_block=config.blocks,
        latent_channels=config.latent,
        norm_num_groups=config.groups,
        use_quant_conv=config.quant,
        use_post_quant_conv=config.quant,
    )
    tensors = {key: t for key, t in export.networks[NETWORK].items() if not key.startswith(CONDITION)}
    fill_module(vae, tensors, card)
    try:
        samples = fixed_samples(photos_in(photos), size=size, holes="box", limit=limit).samples
    except (FileNotFoundError, ValueError) as error:  # they speak of "data" and "validation"
        raise type(error)(re.sub("^(data|validation): ", "photos: ", str(error))) from error
    latents = []
    with torch.inference_mode():
        for start in range(0, len(samples), BATCH):
            images, _, _ = to_tensors(samples[start : start + BATCH])  # [B, 3, S, S]
            latents.append(vae.eval().encode(2 * images - 1).latent_dist.mode())  # [B, c, h, w]
    deviation = float(torch.cat(latents).std())
    if not (math.isfinite(deviation) and deviation > 0):
        raise ValueError(f"card: {card} gives latents with a deviation of {deviation}; its weights are of no use")
    scaling = 1 / deviation
    vae.register_to_config(scaling_factor=scaling)
    _save(vae, target)
    return scaling


def write_denoiser(card: str | os.PathLike[str], folder: str | os.PathLike[str]) -> None:
    """Write `folder`/unet, a `UNet2DConditionModel`, `folder`/scheduler, its noise, and the tokens told for no text.

    Args:
        card: the .json of an export of `asuka-denoiser`.
        folder: of the base, made where missing.

    Raises:
        FileNotFoundError: there is no such card.
        FileExistsError: `folder` has one of them already.
        ValueError: it is damaged or of another method.
    """
    targets = [_new(folder, part) for part in ("unet", "scheduler")]
    export = load_export(card, "asuka-denoiser")
    Path(folder).mkdir(parents=True, exist_ok=True)
    config = DenoiserConfig.model_validate(export.card.config).network
    unet = load_network(lambda: make_unet(config), export, UNET, Path(card))
    tokens = export.networks[TOKENS]["tokens"]  # [1, N, M]
    with atomic(Path(folder) / EMPTY, overwrite=True) as file:
        file.write(save({"tokens": tokens}))
    for part, target in zip((unet, solver("ddim", noise_of(config))), targets, strict=True):
        _save(part, target)


def _new(folder: str | os.PathLike[str], part: str) -> Path:
    target = Path(folder) / part
    if target.exists():
        raise FileExistsError(f"folder: {target} exists already; accepted: a base without {part}")
    return target


def _save(part: Any, target: Path) -> None:
    """Whole or not at all: written aside and renamed."""
    aside = target.with_name(f".{target.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    part.save_pretrained(aside)
    aside.rename(target)
