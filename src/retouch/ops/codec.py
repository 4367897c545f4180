"""From photos to what is denoised, and back: the latents of an autoencoder, or the pixels themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import Tensor

TILE = 1024  # pixels a side that an autoencoder takes whole; larger photos go through it in overlapping tiles


class Codec(Protocol):
    """A way to latents and back. Photos are [B, 3, H, W] in [-1, 1], latents [B, channels, H / factor, W / factor]."""

    @property
    def channels(self) -> int:
        """Channels of a latent."""
        ...

    @property
    def factor(self) -> int:
        """Pixels of a photo per position of a latent, along a side."""
        ...

    def encode(self, photos: Tensor, normal: Tensor) -> Tensor:
        """Latents of photos; `normal` is standard normal, of the latents' shape, and says which of the likely ones."""
        ...

    def decode(self, latents: Tensor, photos: Tensor | None = None, holes: Tensor | None = None) -> Tensor:
        """Photos of latents, around [-1, 1]; `photos` and `holes` [B, 1, H, W] tell a decoder what is known."""
        ...


class Pixels:
    """No codec: the photo itself is denoised, as small networks do."""

    channels = 3
    factor = 1

    def encode(self, photos: Tensor, normal: Tensor) -> Tensor:  # noqa: ARG002 - nothing is drawn
        """The photos."""
        return photos

    def decode(self, latents: Tensor, photos: Tensor | None = None, holes: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """The latents."""
        return latents


class Vae:
    """The latents of one of diffusers' KL autoencoders: z = (mean + deviation * normal - shift) * scaling.

    It computes in its own precision, whatever the denoiser's: some of them overflow in fp16.

    Args:
        vae: the autoencoder.
        conditioned: it decodes with the help of the known pixels, as ASUKA's does.
        tile: side in pixels from which it works in tiles; None: as it is.
    """

    def __init__(self, vae: Any, *, conditioned: bool = False, tile: int | None = None) -> None:
        self.vae, self.conditioned = vae.eval().requires_grad_(False), conditioned
        self.channels = int(vae.config.latent_channels)
        self.factor = 2 ** (len(vae.config.block_out_channels) - 1)
        if tile is not None:
            vae.enable_tiling()
            vae.tile_sample_min_size, vae.tile_latent_min_size = tile, tile // self.factor

    def encode(self, photos: Tensor, normal: Tensor) -> Tensor:
        """[B, 3, H, W] in [-1, 1] and [B, c, h, w] standard normal to latents [B, c, h, w] float32."""
        likely = self.vae.encode(photos.to(self.vae.dtype)).latent_dist
        latents: Tensor = likely.mean.float() + likely.std.float() * normal  # [B, c, h, w]
        return (latents - self._shift) * self.vae.config.scaling_factor  # type: ignore[no-any-return]

    def decode(self, latents: Tensor, photos: Tensor | None = None, holes: Tensor | None = None) -> Tensor:
        """[B, c, h, w] to [B, 3, H, W] float32, around [-1, 1]."""
        unscaled = (latents / self.vae.config.scaling_factor + self._shift).to(self.vae.dtype)  # [B, c, h, w]
        known = {"image": photos, "mask": holes} if self.conditioned else {}
        decoded: Tensor = self.vae.decode(unscaled, **known).sample.float()  # [B, 3, H, W]
        return decoded

    @property
    def _shift(self) -> float:
        return getattr(self.vae.config, "shift_factor", None) or 0.0
