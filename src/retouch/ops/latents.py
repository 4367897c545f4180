"""What samplers of masked latents share."""

from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn import functional as F


def shrink_mask(holes: Tensor, factor: int, how: Literal["any", "nearest"] = "any") -> Tensor:
    """The holes [B, 1, H, W] as the latent sees them, [B, 1, H / factor, W / factor].

    Args:
        holes: 1 = hole.
        factor: pixels per position, along a side.
        how: "any": a position is hole that a hole touches; "nearest": whose first pixel is in one.
    """
    return F.max_pool2d(holes, factor) if how == "any" else holes[:, :, ::factor, ::factor]


def clean(latents: Tensor, out: Tensor, share: Tensor, kind: str = "epsilon") -> Tensor:
    """z_0 as foreseen at z_t: (z_t - sqrt(1 - a) eps) / sqrt(a), or sqrt(a) z_t - sqrt(1 - a) v.

    Args:
        latents: z_t [B, c, h, w].
        out: what the network predicts, [B, c, h, w].
        share: a, of the photo in z_t, squared; a scalar or [B, 1, 1, 1].
        kind: "epsilon" or "v_prediction".
    """
    share = share.to(latents)
    if kind == "v_prediction":
        return share.sqrt() * latents - (1 - share).sqrt() * out
    return (latents - (1 - share).sqrt() * out) / share.sqrt()


def noise_in(latents: Tensor, out: Tensor, share: Tensor, kind: str = "epsilon") -> Tensor:
    """eps as foreseen at z_t: sqrt(a) v + sqrt(1 - a) z_t, or what the network says itself; arguments as of `clean`."""
    if kind == "v_prediction":
        share = share.to(latents)
        return share.sqrt() * out + (1 - share).sqrt() * latents
    return out


def wanted(photo: Tensor, noise: Tensor, share: Tensor, kind: str = "epsilon") -> Tensor:
    """What a network is to predict at z_t = sqrt(a) z_0 + sqrt(1 - a) eps: eps, or v = sqrt(a) eps - sqrt(1 - a) z_0.

    v is from Salimans & Ho 2022, appendix D. Where z_t is nearly noise, an error in eps is magnified by 1 / sqrt(a)
    in what is foreseen of the photo, one in v by no more than 1: colours come right much earlier in training.

    Args:
        photo: z_0 [B, c, h, w].
        noise: eps [B, c, h, w].
        share: a, as of `clean`.
        kind: "epsilon" or "v_prediction".
    """
    if kind == "v_prediction":
        return share.sqrt() * noise - (1 - share).sqrt() * photo
    return noise
