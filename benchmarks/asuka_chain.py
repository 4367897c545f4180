"""ASUKA's parts on one base, from exports to fills: latents are sampled once and decoded in several ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from asuka_judged import Pixels
from torch import Tensor

from retouch.data.training.loader import to_tensors
from retouch.data.training.samples import Drawn
from retouch.methods.asuka.parts import (
    read_alignment,
    read_decoder,
    read_denoiser,
    read_mae,
    read_scheduler,
    read_vae,
    told_nothing,
)
from retouch.methods.asuka.pipeline import AsukaPipeline, check_photos
from retouch.methods.asuka.prior import Embedding, make_prior
from retouch.methods.asuka.release import UNTOLD, find_told_nothing
from retouch.methods.asuka.sampling import Sampling
from retouch.ops.codec import Vae

BATCH = 8

Tell: TypeAlias = Callable[[Tensor, Tensor], Embedding]
"""Photos [B, 3, S, S] in [0, 1] and holes [B, 1, S, S] to what the denoiser is told."""


@dataclass(frozen=True, eq=False)
class Chain:
    """A base, and how it is sampled.

    Attributes:
        folder: of the base, in diffusers' layout.
        unet, vae, scheduler: its parts.
        steps: of DDIM.
    """

    folder: Path
    unet: Any
    vae: Any
    scheduler: Any
    steps: int

    @property
    def plain(self) -> Vae:
        """Its own autoencoder."""
        return Vae(self.vae)

    def with_prior(self, mae: Path, alignment: Path) -> AsukaPipeline:
        """Denoiser, autoencoder and the prior of two exports."""
        prior = make_prior(read_mae(mae), read_alignment(alignment, "sd15")).eval()
        return AsukaPipeline(self.unet, self.vae, self.scheduler, prior)

    def conditioned(self, decoder: Path) -> Vae:
        """The decoder of an export, beside the known pixels."""
        network = read_decoder(decoder, self.folder / "vae", int(self.vae.config.latent_channels))
        return Vae(network, conditioned=True)

    def sampled(self, samples: Sequence[Drawn], tell: Tell) -> Tensor:
        """Latents [n, c, h, w] of the filled photos; noise follows from each sample's seed."""
        pipeline, found = AsukaPipeline(self.unet, self.vae, self.scheduler), []
        for part, photos, holes in batches(samples):
            check_photos(photos, holes, pipeline.multiple)
            with torch.inference_mode():
                seeds = [sample.seed for sample in part]
                *_, last = pipeline.steps(photos, holes, seeds, tell(photos, holes), Sampling(self.steps))
            found.append(last.latents)
        return torch.cat(found)

    @property
    def nothing(self) -> Tell:
        """What the base is told for no text."""
        told = told_nothing(self.folder)
        return lambda _photos, _holes: told

    def encoded(self, samples: Sequence[Drawn]) -> Tensor:
        """Latents [n, c, h, w] of the photos as they are, also in the hole: the mean ones."""
        found = []
        for _, photos, holes in batches(samples):
            check_photos(photos, holes, self.plain.factor)
            with torch.inference_mode():
                latents = self.vae.encode(2 * photos - 1).latent_dist.mode()  # [B, c, h, w]
                found.append(latents * self.vae.config.scaling_factor)
        return torch.cat(found)


def read_chain(base: str, steps: int) -> Chain:
    """The parts of a base; errors as `retouch.methods.asuka.parts`."""
    folder = find_told_nothing(base)
    return Chain(folder, read_denoiser(UNTOLD, folder), read_vae(folder), read_scheduler(UNTOLD, folder), steps)


def decoded(codec: Vae, latents: Tensor, samples: Sequence[Drawn]) -> list[Pixels]:
    """The photos with what the latents say in their holes, [S, S, 3] each; known pixels as they are."""
    found: list[Pixels] = []
    for part, photos, holes in batches(samples):
        start = len(found)
        with torch.inference_mode():
            images = codec.decode(latents[start : start + len(part)], 2 * photos - 1, holes)  # [B, 3, S, S]
        found += pasted(images / 2 + 0.5, part)
    return found


def pasted(images: Tensor, samples: Sequence[Drawn]) -> list[Pixels]:
    """[B, 3, S, S] in [0, 1] in the samples' holes."""
    arrays = (images.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy()  # [B, S, S, 3]
    return [np.where(each.hole[..., None], array, each.photo) for each, array in zip(samples, arrays, strict=True)]


def batches(samples: Sequence[Drawn]) -> list[tuple[Sequence[Drawn], Tensor, Tensor]]:
    """Samples, their photos [B, 3, S, S] and holes [B, 1, S, S], `BATCH` at a time."""
    parts = [samples[start : start + BATCH] for start in range(0, len(samples), BATCH)]
    return [(part, *to_tensors(part)[:2]) for part in parts]
