"""Colour augmentation: brightness, contrast, saturation and hue, in an order drawn for each photo.

The four transforms and the way their strengths are drawn are those of torchvision's ColorJitter, which the paper uses;
draws are ours, so that a sample depends on its own seed alone. Photos are [B, 3, H, W] in [0, 1], and stay there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from retouch.train.seeds import uniform

if TYPE_CHECKING:
    from retouch.methods.asuka.decoder_config import Jitter

LUMA = (0.2989, 0.587, 0.114)


def jitter(photos: Tensor, seeds: Tensor, config: Jitter) -> Tensor:
    """Photos in other colours.

    Factors are drawn from U(1 - x, 1 + x), the turn of the hue from U(-x, x), the order of the four from all orders.

    Args:
        photos: [B, 3, H, W] in [0, 1].
        seeds: [B] int64.
        config: how far.
    """
    drawn = 2 * uniform(seeds, (4,), "colour jitter").double() - 1  # [B, 4] in [-1, 1)
    orders = uniform(seeds, (4,), "colour order").argsort(1)  # [B, 4]
    steps: tuple[tuple[Callable[[Tensor, float], Tensor], float, float], ...] = (
        (brightness, 1.0, config.brightness),
        (contrast, 1.0, config.contrast),
        (saturation, 1.0, config.saturation),
        (hue, 0.0, config.hue),
    )
    out = []
    for i, (draw, order) in enumerate(zip(drawn.tolist(), orders.tolist(), strict=True)):
        photo = photos[i : i + 1]  # [1, 3, H, W]
        for k in order:
            change, middle, width = steps[k]
            if width:
                photo = change(photo, middle + width * draw[k])
        out.append(photo)
    return torch.cat(out)  # [B, 3, H, W]


def brightness(photos: Tensor, factor: float) -> Tensor:
    """factor * x, clamped to [0, 1]."""
    return (factor * photos).clamp(0, 1)


def contrast(photos: Tensor, factor: float) -> Tensor:
    """Each photo between its mean grey (factor 0) and itself (1), or beyond: g + factor * (x - g), clamped."""
    mean = grey(photos).mean((2, 3), keepdim=True)  # [B, 1, 1, 1]
    return torch.lerp(mean, photos, factor).clamp(0, 1)


def saturation(photos: Tensor, factor: float) -> Tensor:
    """Each pixel between its grey (factor 0) and itself (1), or beyond, clamped."""
    return torch.lerp(grey(photos).expand_as(photos), photos, factor).clamp(0, 1)


def hue(photos: Tensor, turn: float) -> Tensor:
    """The hue of HSV turned by `turn` of a whole turn; value and saturation stay."""
    top, bottom = photos.amax(1), photos.amin(1)  # [B, H, W]
    span = top - bottom  # [B, H, W]
    r, g, b = photos.unbind(1)  # [B, H, W] each
    safe = span.clamp_min(1e-12)
    sector = torch.where(
        top == r, (g - b) / safe, torch.where(top == g, 2 + (b - r) / safe, 4 + (r - g) / safe)
    )  # [B, H, W], in sixths of a turn
    turned = sector + 6 * turn
    # A channel falls from its top over two sixths of the turn: at full for |distance| <= 1, at the bottom from 2 on.
    channels = []
    for place in (0, 2, 4):
        distance = ((turned - place + 3) % 6 - 3).abs()  # [B, H, W], 0 to 3
        channels.append(bottom + span * (2 - distance).clamp(0, 1))
    return torch.stack(channels, 1)  # [B, 3, H, W]


def grey(photos: Tensor) -> Tensor:
    """Luma, [B, 1, H, W]."""
    weights = photos.new_tensor(LUMA)[:, None, None]  # [3, 1, 1]
    return (photos * weights).sum(1, keepdim=True)
