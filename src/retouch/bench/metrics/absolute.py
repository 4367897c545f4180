"""L1: mean absolute difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retouch.bench.metrics.check import check_image_pair, check_mask

if TYPE_CHECKING:
    from retouch.bench.metrics.check import Image, Mask


def l1(a: Image, b: Image, *, mask: Mask | None = None) -> float:
    """Mean |a - b| / 255 over pixels and channels, 0 (equal) to 1.

    Args:
        a: uint8 [H, W, 3].
        b: uint8 [H, W, 3].
        mask: bool [H, W], True = hole; then over the hole only.

    Raises:
        ValueError: another type or size, or an empty hole.
    """
    check_image_pair(a, b)
    apart = np.abs(a.astype(np.float64) - b)  # [H, W, 3]
    if mask is not None:
        check_mask(mask, a)
        apart = apart[mask]  # [n, 3]
    return float(apart.mean() / 255)
