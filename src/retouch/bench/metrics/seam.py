"""Colour offset across the hole's edge, without a ground truth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from retouch.bench.metrics.check import check_image, check_mask
from retouch.bench.metrics.ciede import ciede2000, srgb_to_lab

if TYPE_CHECKING:
    from retouch.bench.metrics.check import Image, Mask


def seam_colour_offset(image: Image, mask: Mask) -> float:
    """Mean CIEDE2000 difference over all pairs of neighbours of which one lies in the hole and one outside.

    Texture counts too, so an untouched photo does not score 0: compare with the same seam in the truth, or with other
    fills of the same hole.

    Args:
        image: filled photo, uint8 [H, W, 3].
        mask: bool [H, W], True = hole.

    Returns:
        The mean over pairs that share a side; NaN where the hole is the whole image.

    Raises:
        ValueError: another type or size, or an empty hole.
    """
    check_image(image, "image")
    check_mask(mask, image)
    across = mask[:, 1:] != mask[:, :-1]  # [H, W - 1]
    along = mask[1:] != mask[:-1]  # [H - 1, W]
    pairs = int(across.sum()) + int(along.sum())
    if not pairs:
        return math.nan
    lab = srgb_to_lab(image)  # [H, W, 3]
    total = ciede2000(lab[:, 1:][across], lab[:, :-1][across]).sum()
    total += ciede2000(lab[1:][along], lab[:-1][along]).sum()
    return float(total / pairs)
