"""From photos to what is denoised, and back: the latents of a VAE, or the pixels themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import Tensor

TILE = 1024  # pixels a side that the VAE takes whole; larger photos go through it in overlapping tiles


class Codec(Protocol):
    """A way to latents and back. Photos are [B, 3, H, W] in [-1, 1], latents [B, channels, H / factor, W / factor]."""

    @property
    def channels(self) -> int:
        """Channels of a latent."""
        ...

    @property
    def factor(self) -> int:
        """Pixels of a photo per pixel of a latent, along a side."""
        ...

    def encode(self, photos: Tensor, draw: Tensor) -> Tensor:
        """Latents of photos; `draw` is standard normal, of the latents' shape, and says which of the likely ones."""
        ...

    def decode(self, latents: Tensor) -> Tensor:
        """Photos of latents, around [-1, 1]."""
        ...


class Pixels:
    """No codec: the photo itself is denoised, as small networks do."""

    channels = 3
    factor = 1

    def encode(self, photos: Tensor, draw: Tensor) -> Tensor:  # noqa: ARG002 - nothing is drawn
        """The photos."""
        return photos

    def decode(self, latents: Tensor) -> Tensor:
        """The latents."""
        return latents


class Vae:
    """The latents of a `diffusers.AutoencoderKL`, scaled to a variance of about 1.

    z = s * (mean(x) + sigma(x) * draw), with the scaling factor s of its configuration.

    It computes in its own precision, whatever the denoiser's: VAEs of this family overflow in fp16.
    """

    def __init__(self, vae: Any) -> None:
        self.vae = vae.eval().requires_grad_(False)
        self.channels = int(vae.config.latent_channels)
        self.factor = 2 ** (len(vae.config.block_out_channels) - 1)
        vae.enable_tiling()
        vae.tile_sample_min_size, vae.tile_latent_min_size = TILE, TILE // self.factor

    def encode(self, photos: Tensor, draw: Tensor) -> Tensor:
        """[B, 3, H, W] in [-1, 1] and [B, c, h, w] standard normal to latents [B, c, h, w] float32."""
        likely = self.vae.encode(photos.to(self.vae.dtype)).latent_dist
        latents = likely.mean.float() + likely.std.float() * draw  # [B, c, h, w]
        scaled: Tensor = latents * self.vae.config.scaling_factor
        return scaled

    def decode(self, latents: Tensor) -> Tensor:
        """[B, c, h, w] to [B, 3, H, W] float32, around [-1, 1]."""
        unscaled = (latents / self.vae.config.scaling_factor).to(self.vae.dtype)  # [B, c, h, w]
        photos: Tensor = self.vae.decode(unscaled).sample.float()  # [B, 3, H, W]
        return photos
