"""The pixels inside a polygon, decided at their centres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from retouch.holes.check import checked_size

if TYPE_CHECKING:
    from retouch.holes.check import Size
    from retouch.methods.base import Masks

FARTHEST = 1e6


def polygon_hole(points: Any, size: Size) -> Masks:
    """The pixels whose centre lies inside a polygon (even-odd rule).

    COCO's own tool traces the outline instead; the two differ by single pixels along it.

    Args:
        points: x, y, x, y, ... as COCO writes them, or pairs [n, 2]; in pixels, (0, 0) is the image's corner.
        size: (height, width) in pixels.

    Returns:
        [H, W] bool; empty where no centre lies inside.

    Raises:
        ValueError: fewer than three points, or coordinates that are no finite numbers within a million pixels.
    """
    height, width = checked_size(size)
    x0, y0 = _corners(points).T  # [n], [n]
    x1, y1 = np.roll(x0, -1), np.roll(y0, -1)
    toggles = np.zeros((height, width + 1), bool)  # [H, W + 1]: where a row enters or leaves
    top = np.ceil(np.minimum(y0, y1) - 0.5).clip(0, height).astype(int)  # [n] first row whose centre an edge meets
    bottom = np.ceil(np.maximum(y0, y1) - 0.5).clip(0, height).astype(int)
    for k in np.flatnonzero(bottom > top).tolist():
        rows = np.arange(top[k], bottom[k])
        x = x0[k] + (rows + 0.5 - y0[k]) * (x1[k] - x0[k]) / (y1[k] - y0[k])  # [rows]
        toggles[rows, np.ceil(x - 0.5).clip(0, width).astype(int)] ^= True
    inside: Masks = np.logical_xor.accumulate(toggles, axis=1)[:, :-1]  # [H, W]
    return inside


def _corners(points: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        flat = np.asarray(points, np.float64).ravel()  # [2 n]
    except (TypeError, ValueError):
        flat = np.zeros(0)
    if flat.size < 6 or flat.size % 2:
        raise ValueError("polygon: accepted are at least three points, as x, y, x, y, ...")
    if not (np.abs(flat) <= FARTHEST).all():
        raise ValueError(f"polygon: a coordinate is not a number or beyond {FARTHEST:g} pixels")
    return flat.reshape(-1, 2)
