"""Growing and shrinking holes by a Euclidean disc, at a cost that follows the hole and not the photo."""

from __future__ import annotations

from math import isqrt
from operator import index
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retouch.methods.base import Masks

Box: TypeAlias = tuple[int, int, int, int]  # x0, y0, x1, y1; x1 and y1 exclusive

TILE = 256  # small enough for its rows to stay in the processor's cache, large enough to be few


def bounding_box(hole: Masks) -> Box | None:
    """The smallest box (x0, y0, x1, y1) around the True pixels of `hole` [H, W] bool; None where there is none."""
    rows = np.flatnonzero(hole.any(axis=1))
    if rows.size == 0:
        return None
    y0, y1 = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(hole[y0:y1].any(axis=0))
    return int(columns[0]), y0, int(columns[-1]) + 1, y1


def dilate(hole: Masks, radius: int) -> Masks:
    """True where a True pixel of `hole` lies within the Euclidean distance `radius`.

    Args:
        hole: [H, W] bool, True = hole.
        radius: in pixels, >= 0; 0 gives a copy.

    Returns:
        [H, W] bool, a new array.

    Raises:
        ValueError: `radius` is negative or no integer.
    """
    radius = _radius(radius)
    if radius == 0:
        return hole.copy()
    out = np.zeros_like(hole)  # [H, W]
    height, width = hole.shape
    # A disc around a union is the union of the discs, so each tile spreads on its own.
    for x0, y0, x1, y1 in _occupied(hole, max(TILE, 4 * radius)):
        left, top = max(0, x0 - radius), max(0, y0 - radius)
        right, bottom = min(width, x1 + radius), min(height, y1 + radius)
        seed = np.zeros((bottom - top, right - left), bool)
        seed[y0 - top : y1 - top, x0 - left : x1 - left] = hole[y0:y1, x0:x1]
        out[top:bottom, left:right] |= _spread(seed, radius)
    return out


def erode(hole: Masks, radius: int) -> Masks:
    """True where every pixel of the photo within the Euclidean distance `radius` is True in `hole`.

    A hole at the photo's border does not shrink away from the border. Arguments, result and errors as in `dilate`.
    """
    radius = _radius(radius)
    box = bounding_box(hole)
    out = np.zeros_like(hole)  # [H, W]
    if box is None:
        return out
    height, width = hole.shape
    top, bottom = max(0, box[1] - radius), min(height, box[3] + radius)
    left, right = max(0, box[0] - radius), min(width, box[2] + radius)
    known = ~hole[top:bottom, left:right]  # [h, w]
    out[top:bottom, left:right] = ~dilate(known, radius)
    return out


def _radius(radius: int) -> int:
    try:
        pixels = -1 if isinstance(radius, bool) else index(radius)
    except TypeError:
        pixels = -1
    if pixels < 0:
        raise ValueError(f"radius: is {radius!r}; accepted: an integer >= 0 (pixels)")
    return pixels


def _occupied(hole: Masks, side: int) -> Iterator[Box]:
    """The boxes around the True pixels of each tile that has any."""
    box = bounding_box(hole)
    if box is None:
        return
    for y in range(box[1], box[3], side):
        for x in range(box[0], box[2], side):
            inner = bounding_box(hole[y : min(y + side, box[3]), x : min(x + side, box[2])])
            if inner is not None:
                yield x + inner[0], y + inner[1], x + inner[2], y + inner[3]


def _spread(seed: Masks, radius: int) -> Masks:
    """Dilate the whole of `seed` [h, w]: from the disc's tip to its widest row, each row widens the one before."""
    height, width = seed.shape
    out = np.zeros_like(seed)  # [h, w]
    row, reach = seed, 0
    for dy in range(min(radius, height - 1), -1, -1):
        target = min(isqrt(radius * radius - dy * dy), width - 1)
        while reach < target:
            # A larger step than this would look beyond the border for what lies inside it.
            step = min(target - reach, reach + 1)
            row, reach = _widen(row, step), reach + step
        out[dy:] |= row[: height - dy]
        out[: height - dy] |= row[dy:]
    return out


def _widen(row: Masks, step: int) -> Masks:
    wide = row.copy()  # [h, w]
    wide[:, step:] |= row[:, :-step]
    wide[:, :-step] |= row[:, step:]
    return wide
