"""Gradient at the hole's edge (ASUKA): how much stronger or weaker the fill's contour is than the photo's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retouch.bench.metrics.canny import canny, sobel
from retouch.bench.metrics.check import check_image_pair, check_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.bench.metrics.check import Image, Mask

    Soft = Mask | NDArray[np.uint8]


def gradient_at_edge(filled: Image, truth: Image, mask: Soft) -> float:
    """Mean length of the difference of both images' Sobel gradients over the mask's edge; 0: the seam is perfect.

    Args:
        filled: uint8 [H, W, 3]; the truth is put back outside the hole.
        truth: uint8 [H, W, 3].
        mask: bool [H, W], True = hole, or uint8 [H, W], 255 = hole, values between blend.

    Returns:
        The mean over edge pixels (Canny 100, 200 of the mask) and channels, in 0 to 255 per pixel times the Sobel
        kernel's weight 8; 0 where the mask has no edge.

    Raises:
        ValueError: another type or size.
    """
    return float(gradient_at_edge_channels(filled, truth, mask).mean())


def gradient_at_edge_channels(filled: Image, truth: Image, mask: Soft) -> NDArray[np.float64]:
    """As `gradient_at_edge`, for red, green and blue apart: [3]."""
    check_image_pair(filled, truth)
    if not (isinstance(mask, np.ndarray) and mask.dtype == np.uint8 and mask.shape == truth.shape[:2]):
        check_mask(mask, truth, filled=False)  # type: ignore[arg-type]
    level = mask.astype(np.uint8) * np.uint8(255 if mask.dtype == np.bool_ else 1)  # [H, W]
    edge = canny(level, 100, 200)  # [H, W]
    if not edge.any():
        return np.zeros(3)
    apart = (filled.astype(np.float64) - truth) * (level / 255.0)[..., None]  # [H, W, 3]
    # Sobel is linear: the gradient of the difference is the difference of the gradients.
    border = "reflect" if min(apart.shape[:2]) > 1 else "edge"
    slopes = [sobel(apart[..., k], border) for k in range(3)]
    return np.array([np.hypot(right[edge], down[edge]).mean() for right, down in slopes])
