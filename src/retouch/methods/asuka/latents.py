"""Latent augmentation (section 3.3, Eq. 1): what a frozen denoiser makes of a photo's latent in one step.

    z_t  = sqrt(a_t) z_0 + sqrt(1 - a_t) eps            t ~ U{500 .. 999}, eps ~ N(0, 1)
    z_0' = (z_t - sqrt(1 - a_t) eps'([z_t, 0, z_0], t)) / sqrt(a_t)
    photo' = decode(z_0'), by the plain autoencoder

The mask is empty and the text too (the paper says nothing of it). The paper prints that z_0 is decoded; then nothing
would be augmented, so z_0' is meant. Latents are [B, c, h, w].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional as F

from retouch.methods.asuka.sample import solver
from retouch.ops.latents import clean
from retouch.train.seeds import integers, normal

if TYPE_CHECKING:
    from retouch.methods.asuka.sample import Denoise
    from retouch.ops.codec import Codec

TIMES = (500, 1000)  # from which t is drawn, the second one excluded


def one_step(
    denoise: Denoise, latents: Tensor, noise: Tensor, timesteps: Tensor, config: Mapping[str, Any] | None = None
) -> Tensor:
    """z_0' of Eq. 1, [B, c, h, w].

    Args:
        denoise: the network of an inpainting model.
        latents: z_0 [B, c, h, w], of whole photos.
        noise: [B, c, h, w], standard normal.
        timesteps: t [B] int64.
        config: of the model's scheduler; None: Stable Diffusion 1.5's.

    Raises:
        ValueError: noise of another shape, or a model that predicts neither noise nor velocity.
    """
    if noise.shape != latents.shape:
        raise ValueError(f"noise: has the shape {list(noise.shape)}; accepted: {list(latents.shape)}, as the latents")
    scheduler = solver("ddim", config)
    noisy = scheduler.add_noise(latents, noise, timesteps)  # [B, c, h, w]
    empty = torch.zeros_like(latents[:, :1])  # [B, 1, h, w], no hole
    out = denoise(torch.cat([noisy, empty, latents], 1), timesteps)  # [B, c, h, w]
    share = scheduler.alphas_cumprod[timesteps.cpu()][:, None, None, None]  # [B, 1, 1, 1]
    return clean(noisy, out, share, scheduler.config.prediction_type)


def augment(
    denoise: Denoise, codec: Codec, photos: Tensor, seeds: Tensor, config: Mapping[str, Any] | None = None
) -> Tensor:
    """Photos after one step of Eq. 1, [B, 3, H, W] in [0, 1].

    Sides that the codec's factor does not divide are continued by their last pixels, and cut again.

    Args:
        denoise: the network of an inpainting model, told an empty text.
        codec: the model's plain autoencoder.
        photos: [B, 3, H, W] in [0, 1].
        seeds: [B] int64; t, the latent among the likely ones and the noise of a photo follow from its own.
        config: as of `one_step`.
    """
    height, width = photos.shape[2:]
    rest = (0, -width % codec.factor, 0, -height % codec.factor)
    whole = F.pad(2 * photos - 1, rest, mode="replicate")  # [B, 3, H', W']
    shape = (codec.channels, whole.shape[2] // codec.factor, whole.shape[3] // codec.factor)
    latents = codec.encode(whole, normal(seeds, shape, "posterior").to(photos.device))  # [B, c, h, w]
    timesteps = integers(seeds, *TIMES, "timestep").to(photos.device)  # [B]
    foreseen = one_step(denoise, latents, normal(seeds, shape, "noise").to(photos.device), timesteps, config)
    images = codec.decode(foreseen)[..., :height, :width]  # [B, 3, H, W]
    return ((images + 1) / 2).clamp(0, 1)
