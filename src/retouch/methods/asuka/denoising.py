"""What denoiser and alignment are trained with and tried by: noisy latents beside the known ones, and a fill.

photo ─▶ codec ─▶ z_0 ──▶ z_t = sqrt(a_t) z_0 + sqrt(1 - a_t) eps ─┐
photo, hole blanked ─▶ codec ─▶ z_masked; hole ─▶ mask ────────────┴▶ x = [z_t, mask, z_masked]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from retouch.methods.asuka.sample import sample
from retouch.methods.asuka.sampling import FIRST, KNOWN, TIMESTEPS, Sampling, draw
from retouch.ops.latents import shrink_mask, wanted
from retouch.train.seeds import integers, normal

if TYPE_CHECKING:
    from retouch.methods.asuka.sample import Denoise
    from retouch.ops.codec import Codec
    from retouch.train.batch import Batch


@dataclass(frozen=True, eq=False)
class Noisy:
    """A batch as a denoiser is shown it.

    Attributes:
        x: [z_t, mask, z_masked], [B, 2c + 1, h, w].
        times: t, [B] int64.
        wanted: what it is to predict, eps or v, [B, c, h, w].
    """

    x: Tensor
    times: Tensor
    wanted: Tensor


@torch.no_grad()
def noisy(batch: Batch, codec: Codec, scheduler: Any) -> Noisy:
    """Latents of a batch with the noise of random times; all that is drawn follows from the seeds.

    Args:
        batch: photos with holes.
        codec: the way to latents, where the photos are.
        scheduler: of diffusers: a_t, and what the denoiser predicts.

    Raises:
        ValueError: sides that the codec's factor does not divide.
    """
    photos, factor = 2 * batch.photos - 1, codec.factor  # [B, 3, H, W]
    if any(side % factor for side in photos.shape[2:]):
        sides = " x ".join(map(str, photos.shape[2:]))
        raise ValueError(f"photos: are {sides} pixels; accepted: multiples of {factor}")
    shape, device = latent_shape(codec, photos), photos.device
    whole, hidden, noise = (
        normal(batch.seeds, shape, stream).to(device) for stream in ("photo", "masked photo", "noise")
    )  # [B, c, h, w] each
    masked = codec.encode(photos * (1 - batch.holes), hidden)  # [B, c, h, w]
    clean = codec.encode(photos, whole)  # [B, c, h, w]
    times = integers(batch.seeds, 0, TIMESTEPS, "timestep")  # [B]
    kept = scheduler.alphas_cumprod[times][:, None, None, None].to(device)  # [B, 1, 1, 1]
    latents = kept.sqrt() * clean + (1 - kept).sqrt() * noise  # [B, c, h, w]
    x = torch.cat([latents, shrink_mask(batch.holes, factor), masked], 1)  # [B, 2c + 1, h, w]
    return Noisy(x, times.to(device), wanted(clean, noise, kept, scheduler.config.prediction_type))


@torch.no_grad()
def filled(
    denoise: Denoise,
    codec: Codec,
    photos: Tensor,
    holes: Tensor,
    seeds: Tensor,
    steps: int,
    scheduler: Mapping[str, Any] | None = None,
) -> Tensor:
    """Photos [B, 3, H, W] in [0, 1], filled where `holes` [B, 1, H, W] are 1, known pixels as given.

    Args:
        denoise: the network, told its tokens.
        codec: the way to latents and back.
        photos: what lies in a hole is not looked at.
        holes: 1 = hole.
        seeds: [B] int64.
        steps: of DDIM.
        scheduler: settings of the denoiser's noise; None: Stable Diffusion's.
    """
    own, shape, device = [int(seed) for seed in seeds], latent_shape(codec, photos), photos.device
    masked = codec.encode((2 * photos - 1) * (1 - holes), draw(own, shape, KNOWN, device))  # [B, c, h, w]
    noise = draw(own, shape, FIRST, device)  # [B, c, h, w]
    *_, last = sample(denoise, shrink_mask(holes, codec.factor), masked, noise, Sampling(steps), scheduler)
    images = codec.decode(last.latents, 2 * photos - 1, holes) / 2 + 0.5  # [B, 3, H, W]
    return torch.where(holes > 0.5, images.clamp(0, 1), photos)


def latent_shape(codec: Codec, photos: Tensor) -> tuple[int, int, int]:
    """(c, h, w) of a photo's latent."""
    return codec.channels, photos.shape[2] // codec.factor, photos.shape[3] // codec.factor
