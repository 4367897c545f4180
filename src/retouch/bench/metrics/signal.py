"""PSNR, in the two conventions that papers use."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from retouch.bench.metrics.check import check_image_pair, check_mask, choose

if TYPE_CHECKING:
    from retouch.bench.metrics.check import Image, Mask


def psnr(a: Image, b: Image, *, mask: Mask | None = None, convention: Literal["mat", "asuka"] = "mat") -> float:
    """Peak signal-to-noise ratio in dB over pixels and channels; higher is better.

    Args:
        a: uint8 [H, W, 3].
        b: uint8 [H, W, 3].
        mask: bool [H, W], True = hole; then over the hole only.
        convention: "mat": 20 log10(255 / sqrt(mse)), infinite for equal images. "asuka": -10 log10(mse / 255^2 +
            1e-7), which never exceeds 70 dB.

    Raises:
        ValueError: another type, size or convention, or an empty hole.
    """
    check_image_pair(a, b)
    choose(convention, ("mat", "asuka"), "convention")
    apart = a.astype(np.float64) - b  # [H, W, 3]
    if mask is not None:
        check_mask(mask, a)
        apart = apart[mask]  # [n, 3]
    error = float((apart * apart).mean()) / 255**2
    if convention == "asuka":
        return -10 * math.log10(error + 1e-7)
    return -10 * math.log10(error) if error else math.inf
