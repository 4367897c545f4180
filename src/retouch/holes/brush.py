"""The zigzag brush that DeepFill v2 introduced and CoModGAN, MAT, MI-GAN and PixelHacker use."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retouch.holes.raster import Canvas

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from retouch.holes.check import Size
    from retouch.methods.base import Masks


@dataclass(frozen=True)
class Brush:
    """One kind of stroke.

    Attributes:
        segments: fewest segments, and one more than the most.
        width: range of the width in pixels, whatever the size of the mask.
    """

    segments: tuple[int, int]
    width: tuple[int, int]


def brush_hole(hole: Masks, strokes: int, brush: Brush, rng: Generator, most: float = 1.0) -> Masks:
    """Add `strokes` random strokes to a hole.

    A stroke turns back and forth by about 2/5 pi; its steps are clipped to the mask.

    Args:
        hole: [H, W] bool, True = hole; it is not changed.
        strokes: how many; none gives `hole` again.
        brush: what kind.
        rng: source of everything random.
        most: once more than this share is hole no more strokes are drawn, for callers that refuse such holes.

    Returns:
        [H, W] bool, a new array.
    """
    height, width = size = hole.shape
    canvas = Canvas(size, hole)
    counts = rng.integers(*brush.segments, strokes)  # [strokes]
    dx, dy = _steps(size, counts, rng)
    starts = rng.integers(0, (width, height), (strokes, 2)).tolist()  # [strokes, 2] x, y
    widths = rng.uniform(*brush.width, strokes).astype(int).tolist()  # [strokes]
    k = 0
    for stroke, ((x, y), count, wide) in enumerate(zip(starts, counts.tolist(), widths, strict=True)):
        if stroke % 4 == 3 and most < 1 and canvas.share() > most:
            break
        points = [(x, y)]
        for step_x, step_y in zip(dx[k : k + count], dy[k : k + count], strict=True):
            x, y = int(min(max(x + step_x, 0), width)), int(min(max(y + step_y, 0), height))
            points.append((x, y))
        canvas.stroke(points, wide)
        k += count
    return canvas.hole()


def _steps(size: Size, counts: NDArray[np.int64], rng: Generator) -> tuple[list[float], list[float]]:
    """Steps along x and y of strokes with `counts` [strokes] segments, one stroke after the other."""
    total = int(counts.sum())
    low, high = 2 * math.pi / 5 + np.array([[-1], [1]]) * rng.uniform(0, 2 * math.pi / 15, (2, len(counts)))
    angles = rng.uniform(np.repeat(low, counts), np.repeat(high, counts))  # [total]
    within = np.arange(total) - np.repeat(counts.cumsum() - counts, counts)  # [total] index in its stroke
    angles = np.where(within % 2 == 0, 2 * math.pi - angles, angles)  # [total]
    mean = math.hypot(*size) / 8
    lengths = rng.normal(mean, mean // 2, total).clip(0, 2 * mean)  # [total]
    return (lengths * np.cos(angles)).tolist(), (lengths * np.sin(angles)).tolist()
