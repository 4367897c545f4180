"""ASUKA as a pipeline of diffusers: its parts can be saved together, loaded, moved and offloaded as any other's.

    photos, holes ─┬─ prior ─────────────▶ Embedding ─┐
                   └─ codec.encode ─▶ known latents ──┼─▶ denoiser, step by step ─▶ latents ─ codec.decode ─▶ photos
                                         noise ───────┘

    pipeline = AsukaPipeline.from_pretrained("folder")
    filled = pipeline(image=photo, mask_image=hole, seeds=[0])[0]

A denoiser with 2c + 1 channels is sampled as Stable Diffusion (`sample.py`), FLUX's transformer by `flux.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from torch import Tensor

from retouch.methods.asuka import flux, sample
from retouch.methods.asuka.decoder import AsukaAutoencoder
from retouch.methods.asuka.denoisers import check_embedding, check_parts, flux_denoise, is_flux, unet_denoise
from retouch.methods.asuka.prior import Embedding
from retouch.methods.asuka.repaint import repaint
from retouch.methods.asuka.sampling import FIRST, KNOWN, REPAINT, START, FluxSampling, Repaint, Sampling, Step, draw
from retouch.ops.codec import Codec, Vae
from retouch.ops.latents import noise_in, shrink_mask


class AsukaPipeline(DiffusionPipeline):  # type: ignore[misc,unused-ignore]
    """Denoiser, autoencoder and aligned prior.

    Args:
        denoiser: a `UNet2DConditionModel` with 2c + 1 channels, or FLUX.1-Fill's transformer.
        vae: an `AutoencoderKL`, or an `AsukaAutoencoder`, whose decoder sees the known pixels.
        scheduler: of the denoiser; only its settings are used.
        prior: None for a pipeline that is told its embedding at every call.
    """

    model_cpu_offload_seq = "prior->denoiser->vae"  # type: ignore[assignment,unused-ignore]
    _optional_components: ClassVar[list[str]] = ["prior"]  # type: ignore[misc,unused-ignore]

    def __init__(self, denoiser: Any, vae: Any, scheduler: Any, prior: Any = None) -> None:
        super().__init__()
        check_parts(denoiser, vae, prior)
        parts = {"denoiser": denoiser, "vae": vae, "scheduler": scheduler, "prior": prior}
        self.register_modules(**parts)  # type: ignore[no-untyped-call,unused-ignore]

    @property
    def is_flux(self) -> bool:
        """Whether the denoiser is FLUX's transformer."""
        return is_flux(self.denoiser)

    @property
    def multiple(self) -> int:
        """What sides of photos must be multiples of, in pixels."""
        return self.codec.factor * (2 if self.is_flux else 1)

    @property
    def codec(self) -> Codec:
        """The way to the latents."""
        return Vae(self.vae, conditioned=isinstance(self.vae, AsukaAutoencoder))

    @torch.no_grad()
    def __call__(
        self,
        image: Any,
        mask_image: Any,
        seeds: Sequence[int] | None = None,
        num_inference_steps: int = 50,
        embedding: Embedding | None = None,
        prior_image: Any = None,
    ) -> Any:
        """Fill.

        Args:
            image: a PIL image, an array [H, W, 3] of 8 bits, or a tensor [B, 3, H, W] in [0, 1].
            mask_image: of the same kind and size, white or 1 = hole; tensors [B, 1, H, W].
            seeds: one for each photo; None: 0, 1, ...
            num_inference_steps: steps.
            embedding: in place of the prior's.
            prior_image: the prior is of this image, of any size, in place of the photo.

        Returns:
            A list of PIL images, or for a tensor a tensor [B, 3, H, W] in [0, 1]; known pixels as given.

        Raises:
            ValueError: a shape or size that does not fit; the message says what is accepted.
        """
        photos, holes = as_tensor(image, 3), (as_tensor(mask_image, 1) >= 0.5).float()
        other = None if prior_image is None else as_tensor(prior_image, 3)
        device = self._execution_device
        photos, holes = photos.to(device), holes.to(device)
        check_photos(photos, holes, self.multiple)
        described = embedding or self.describe(photos, holes, None if other is None else other.to(device))
        own = list(range(len(photos))) if seeds is None else list(seeds)
        if len(own) != len(photos):
            raise ValueError(f"seeds: are {len(own)}; accepted: {len(photos)}, one for each photo")
        sampling = FluxSampling(num_inference_steps) if self.is_flux else Sampling(num_inference_steps)
        with self.progress_bar(total=num_inference_steps) as bar:
            for step in self.steps(photos, holes, own, described, sampling):
                latents = step.latents  # [B, c, h, w]
                bar.update()
        filled = torch.where(holes > 0, self.show(latents, photos, holes).clamp(0, 1), photos)  # [B, 3, H, W]
        self.maybe_free_model_hooks()  # type: ignore[no-untyped-call,unused-ignore]
        return filled.cpu() if isinstance(image, Tensor) else [as_picture(each) for each in filled]

    def describe(self, photos: Tensor, holes: Tensor, other: Tensor | None = None) -> Embedding:
        """The aligned prior of photos [B, 3, H, W] with holes, or, reconstructed, of `other` [1, 3, h, w].

        Raises:
            ValueError: there is no prior.
        """
        if self.prior is None:
            raise ValueError("embedding: needed, for this pipeline has no prior; accepted: an Embedding")
        if other is not None:
            found: Embedding = self.prior(other, torch.zeros_like(other[:, :1]))
            return found
        described: Embedding = self.prior(photos, holes)
        return described

    def steps(
        self,
        photos: Tensor,
        holes: Tensor,
        seeds: Sequence[int],
        embedding: Embedding,
        sampling: Sampling | FluxSampling,
        *,
        painted: Tensor | None = None,
        repaint: Repaint | None = None,
    ) -> Iterator[Step]:
        """Yield each step of the sampling; `show` turns latents into photos.

        Args:
            photos: [B, 3, H, W] in [0, 1]; what lies in a hole is not looked at.
            holes: [B, 1, H, W], 1 = hole, 0 = known.
            seeds: one for each photo; a batch equals a loop.
            embedding: of each photo, or one for all.
            sampling: how.
            painted: photos [B, 3, H, W] with something in the hole that the sampling starts from.
            repaint: sample by RePaint.

        Raises:
            ValueError: an embedding of another width than the denoiser takes.
        """
        check_embedding(self.denoiser, embedding)
        codec = self.codec
        shape = (codec.channels, *(side // codec.factor for side in photos.shape[2:]))
        signed = (2 * photos - 1) * (1 - holes)  # [B, 3, H, W] in [-1, 1], 0 in the hole
        masked = codec.encode(signed, draw(seeds, shape, KNOWN, photos.device))  # [B, c, h, w]
        noise = draw(seeds, shape, FIRST, photos.device)  # [B, c, h, w]
        if isinstance(sampling, FluxSampling):
            denoise = flux_denoise(self.denoiser, embedding, (shape[1], shape[2]), len(photos), sampling.guidance)
            yield from flux.sample(denoise, holes, masked, noise, sampling.steps, self.scheduler.config)
            return
        mask = shrink_mask(holes, codec.factor, sampling.latent_mask)  # [B, 1, h, w]
        predict = unet_denoise(self.denoiser, embedding.tokens)
        if repaint is not None:
            yield from self._repainted(predict, masked, mask, seeds, sampling, repaint)
            return
        start = None
        if painted is not None:
            start = codec.encode(2 * painted - 1, draw(seeds, shape, START, photos.device))  # [B, c, h, w]
        yield from sample.sample(predict, mask, masked, noise, sampling, self.scheduler.config, start)

    def show(self, latents: Tensor, photos: Tensor, holes: Tensor) -> Tensor:
        """Latents [B, c, h, w] as photos [B, 3, H, W] around [0, 1], known pixels decoded too."""
        return self.codec.decode(latents, 2 * photos - 1, holes) / 2 + 0.5

    def _repainted(
        self,
        predict: sample.Denoise,
        masked: Tensor,
        mask: Tensor,
        seeds: Sequence[int],
        sampling: Sampling,
        how: Repaint,
    ) -> Iterator[Step]:
        scheduler, timesteps = sample.schedule(sampling, self.scheduler.config, masked.device)
        timesteps = timesteps.flip(0)  # [n], from photo to noise
        shares = scheduler.alphas_cumprod[timesteps.cpu()]  # [n]

        def denoise(latents: Tensor, t: int) -> Tensor:
            out = predict(torch.cat([latents, mask, masked], 1), timesteps[t : t + 1])  # [B, c, h, w]
            return noise_in(latents, out, shares[t], scheduler.config.prediction_type)

        def normal(k: int) -> Tensor:
            return draw(seeds, tuple(masked.shape[1:]), REPAINT + k, masked.device)

        yield from repaint(denoise, masked, mask, shares, normal, how)


def check_photos(photos: Tensor, holes: Tensor, multiple: int) -> None:
    """Refuse with a ValueError shapes that do not fit."""
    if photos.ndim != 4 or photos.shape[1] != 3:
        raise ValueError(f"image: has the shape {list(photos.shape)}; accepted: [B, 3, H, W]")
    wanted = (len(photos), 1, *photos.shape[2:])
    if tuple(holes.shape) != wanted:
        raise ValueError(f"mask_image: has the shape {list(holes.shape)}; accepted: {list(wanted)}, as the image")
    if any(side % multiple for side in photos.shape[2:]):
        sides = " x ".join(str(side) for side in photos.shape[2:])
        raise ValueError(f"image: is {sides} pixels; accepted: multiples of {multiple}")


def as_tensor(image: Any, channels: int) -> Tensor:
    """A PIL image, array [H, W] or [H, W, C] of 8 bits, or tensor [B, C, H, W], as a tensor in [0, 1]."""
    if isinstance(image, Tensor):
        return image.float()
    if hasattr(image, "convert"):
        image = image.convert("RGB" if channels == 3 else "L")
    array = np.asarray(image)
    if array.dtype != np.uint8 or array.ndim not in (2, 3):
        raise ValueError(f"image: is {array.dtype} {list(array.shape)}; accepted: a PIL image, or uint8 [H, W, C]")
    array = array.reshape(*array.shape[:2], -1)[..., :channels]  # [H, W, C]
    return torch.from_numpy(array / np.float32(255)).permute(2, 0, 1)[None].float()


def as_picture(image: Tensor) -> Any:
    """[3, H, W] in [0, 1] as a PIL image."""
    from PIL import Image

    return Image.fromarray((image * 255).round().byte().permute(1, 2, 0).cpu().numpy())
