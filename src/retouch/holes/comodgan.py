"""Masks of CoModGAN, which MAT, MI-GAN, PSM, ASUKA and PixelHacker use with other counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retouch.holes.brush import Brush, brush_hole
from retouch.holes.reject import redraw, share

if TYPE_CHECKING:
    from numpy.random import Generator

    from retouch.holes.check import Ratio, Size
    from retouch.methods.base import Masks

BRUSH = Brush(segments=(4, 18), width=(12, 48))


@dataclass(frozen=True)
class Counts:
    """How much is drawn. Each number is one more than the most that can come.

    Attributes:
        half: rectangles with sides below half the mask's.
        full: rectangles with sides below the mask's.
        strokes: brush strokes.
        hole_range: accepted shares of hole, as (low, high), both excluded. The counts shrink with low + high, so a
            low range is not merely a selection from the full one.
    """

    half: int
    full: int
    strokes: int
    hole_range: Ratio = (0.0, 1.0)


def comodgan(size: Size, rng: Generator, counts: Counts) -> Masks:
    """A hole of rectangles and brush strokes, united.

    Args:
        size: (height, width) in pixels; the papers use squares, brush widths do not scale.
        rng: source of everything random.
        counts: how much is drawn, and the accepted shares.

    Returns:
        [H, W] bool, True = hole, never empty or full.

    Raises:
        ValueError: no hole within `hole_range` came in many tries.
    """
    return redraw(lambda: _once(size, rng, counts), _inside(counts.hole_range), "the CoModGAN generator")


def _once(size: Size, rng: Generator, counts: Counts) -> Masks:
    part = min(sum(counts.hole_range), 1.0)
    height, width = size
    hole = np.zeros(size, bool)  # [H, W]
    # The official code fails where a count shrinks to zero; one means that nothing of this kind is drawn.
    half, full, strokes = (max(1, int(most * part)) for most in (counts.half, counts.full, counts.strokes))
    _rectangles(hole, int(rng.integers(half)), (height // 2, width // 2), rng)
    _rectangles(hole, int(rng.integers(full)), size, rng)
    most = counts.hole_range[1]
    if share(hole) > most:
        return hole  # strokes only add to it, and it is refused already
    flip = tuple(slice(None, None, -1 if rng.random() < 0.5 else 1) for _ in size)
    # The strokes are flipped, not the rectangles: so flip these, draw, and flip all back.
    return brush_hole(hole[flip], int(rng.integers(strokes)), BRUSH, rng, most)[flip]


def _rectangles(hole: Masks, count: int, limit: Size, rng: Generator) -> None:
    """Cut `count` rectangles with sides below `limit`; up to half of each may stick out."""
    total = np.array(hole.shape)
    sides = rng.integers(0, np.maximum(limit, 1), (count, 2))  # [count, 2] height, width
    starts = rng.integers(-(sides // 2), np.maximum(total - sides + sides // 2, 1))  # [count, 2] y, x
    for (y, x), (h, w) in zip(starts.tolist(), sides.tolist(), strict=True):
        hole[max(y, 0) : max(y + h, 0), max(x, 0) : max(x + w, 0)] = True


def _inside(hole_range: Ratio) -> Ratio:
    """The closed range of what lies strictly inside `hole_range`."""
    low, high = hole_range
    return float(np.nextafter(low, 1)), float(np.nextafter(high, 0))
