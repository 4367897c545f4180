"""Networks of diffusers as the functions that `sample.py` and `flux.py` call; an embedding stands for a text's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from retouch.methods.asuka.flux import image_ids

if TYPE_CHECKING:
    from retouch.methods.asuka import flux, sample
    from retouch.methods.asuka.prior import AlignedPrior, Embedding


def unet_denoise(unet: Any, tokens: Tensor) -> sample.Denoise:
    """A `UNet2DConditionModel` with the tokens [B or 1, N, M] in place of a text's."""
    dtype = next(unet.parameters()).dtype

    def denoise(x: Tensor, timestep: Tensor) -> Tensor:
        context = tokens.to(dtype).expand(len(x), -1, -1)  # [B, N, M]
        out: Tensor = unet(x.to(dtype), timestep, encoder_hidden_states=context, return_dict=False)[0]
        return out.float()

    return denoise


def flux_denoise(
    transformer: Any, embedding: Embedding, size: tuple[int, int], count: int, guidance: float
) -> flux.Denoise:
    """FLUX's transformer for `count` photos with latents of `size`.

    Raises:
        ValueError: an embedding without a pooled vector.
    """
    if embedding.pooled is None:
        raise ValueError("embedding: has no pooled vector; accepted: tokens and the pooled vector, for FLUX")
    dtype, device = transformer.dtype, embedding.tokens.device
    tokens = embedding.tokens.to(dtype).expand(count, -1, -1)  # [B, N, M]
    pooled = embedding.pooled.to(dtype).expand(count, -1)  # [B, M]
    told = torch.full((count,), guidance, device=device) if transformer.config.guidance_embeds else None  # [B]
    positions = image_ids(size, device).to(dtype)  # [n, 3]
    nowhere = torch.zeros(tokens.shape[1], 3, device=device, dtype=dtype)  # [N, 3], as a text's

    def denoise(x: Tensor, s: Tensor) -> Tensor:
        out: Tensor = transformer(
            hidden_states=x.to(dtype),
            timestep=s.expand(count).to(dtype),
            guidance=told,
            pooled_projections=pooled,
            encoder_hidden_states=tokens,
            txt_ids=nowhere,
            img_ids=positions,
            return_dict=False,
        )[0]
        return out.float()

    return denoise


def check_embedding(denoiser: Any, embedding: Embedding) -> None:
    """Refuse with a ValueError an embedding of another width than the denoiser takes."""
    config, given = denoiser.config, {"tokens": embedding.tokens}
    if is_flux(denoiser):
        wanted = {"tokens": config.joint_attention_dim, "pooled": config.pooled_projection_dim}
        given |= {} if embedding.pooled is None else {"pooled": embedding.pooled}
    else:
        wanted = {"tokens": config.cross_attention_dim}
    for name, tensor in given.items():
        if tensor.shape[-1] != wanted[name]:
            accepted = f"{wanted[name]}, as the denoiser takes them"
            raise ValueError(f"embedding: its {name} are {tensor.shape[-1]} wide; accepted: {accepted}")


def is_flux(denoiser: Any) -> bool:
    """Whether a denoiser is FLUX's transformer."""
    return type(denoiser).__name__ == "FluxTransformer2DModel"


def check_parts(denoiser: Any, vae: Any, prior: AlignedPrior | None = None) -> None:
    """Refuse with a ValueError parts that do not belong together: another latent, another width of embeddings."""
    c = int(vae.config.latent_channels)
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    config = denoiser.config
    if is_flux(denoiser):
        wanted = 4 * (2 * c + factor**2)
        widths = {"alignment": config.joint_attention_dim, "pooled": config.pooled_projection_dim}
    else:
        wanted, widths = 2 * c + 1, {"alignment": config.cross_attention_dim}
    if int(config.in_channels) != wanted:
        accepted = f"{wanted}, of an inpainting model over {c} latent channels"
        raise ValueError(f"base: the denoiser has {config.in_channels} input channels; accepted: {accepted}")
    for name, width in widths.items() if prior is not None else ():
        alignment = getattr(prior, name)
        if alignment is None or alignment.config.width != width:
            found = "missing" if alignment is None else f"{alignment.config.width} wide"
            raise ValueError(f"{name}: is {found}; accepted: {width}, as the denoiser takes embeddings")
