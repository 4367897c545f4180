"""Texture ratio: whether the fill is as rough as its surroundings, without a ground truth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from retouch.bench.metrics.check import check_image, check_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.bench.metrics.check import Image, Mask


def texture_ratio(image: Image, mask: Mask, *, ring: int = 16) -> float:
    """Mean |Laplacian| of the luma inside the hole over that in a ring around it.

    About 1: the same texture; 0.1 to 0.3: smeared; far above 1: wrong copies or noise. Pixels whose neighbours lie on
    the other side of the edge are left out: the seam is another metric's.

    Args:
        image: filled photo, uint8 [H, W, 3].
        mask: bool [H, W], True = hole.
        ring: width of the surroundings that are compared with, pixels.

    Returns:
        The ratio; NaN where hole or ring has no inner pixel, infinite where only the ring is flat.

    Raises:
        ValueError: another type or size, an empty hole, a ring below 1.
    """
    check_image(image, "image")
    check_mask(mask, image)
    if ring < 1:
        raise ValueError(f"ring: is {ring}; accepted: at least 1 pixel")
    luma = image @ np.array([0.299, 0.587, 0.114])  # [H, W]
    p = np.pad(luma, 1, mode="edge")  # [H + 2, W + 2]
    rough = np.abs(p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:] - 4 * luma)  # [H, W]
    inside = ~_near(~mask)  # [H, W]
    outside = ~_near(mask)  # [H, W]
    for _ in range(ring + 1):
        mask = _near(mask)
    around = outside & mask  # [H, W]
    if not inside.any() or not around.any():
        return math.nan
    hole, known = float(rough[inside].mean()), float(rough[around].mean())
    if known == 0:
        return math.nan if hole == 0 else math.inf
    return hole / known


def _near(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """`mask` and the neighbours that share a side with it, [H, W]."""
    out = mask.copy()
    out[1:] |= mask[:-1]
    out[:-1] |= mask[1:]
    out[:, 1:] |= mask[:, :-1]
    out[:, :-1] |= mask[:, 1:]
    return out
