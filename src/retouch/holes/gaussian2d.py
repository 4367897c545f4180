"""Masks of the 2D Gaussian splatting paper, as its code draws them; its ratios are wishes, not measured shares."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retouch.holes.raster import Canvas

if TYPE_CHECKING:
    from numpy.random import Generator

    from retouch.holes.check import Ratio, Size
    from retouch.methods.base import Masks


@dataclass(frozen=True)
class Nominal:
    """The range of ratios that steers how much is drawn; the holes' true shares scatter widely around it."""

    ratio: Ratio


def irregular(size: Size, rng: Generator, nominal: Nominal) -> Masks:
    """Lines or free-form strokes, evenly: the paper's irregular test sets and its training masks.

    Args:
        size: (height, width) in pixels; the paper uses 256 x 256. Counts and widths do not scale.
        rng: source of everything random.
        nominal: (.2, .4) is the paper's "small", (.4, .6) its "large".

    Returns:
        [H, W] bool, True = hole.
    """
    return (lines if rng.random() < 0.5 else free_form)(size, rng, nominal)


def lines(size: Size, rng: Generator, nominal: Nominal) -> Masks:
    """Straight lines (3 in 5), discs and arcs of ellipses; arguments and result as `irregular`.

    The number of items follows ratio - low, so that "small" and "large" have the same distribution.
    """
    height, width = size
    low, high = nominal.ratio
    base = 12 + int(60 * (rng.uniform(low, high) - low))
    count = int(rng.integers(base, base + 5))
    kinds = rng.random(count).tolist()  # [count]
    limits = (width, height, width, height)
    numbers = rng.integers(1, np.array(limits) + 1, (count, 4)).tolist()  # [count, 4]
    weights = rng.integers(4, 21, count).tolist()  # [count] thickness or radius
    angles = rng.integers(3, 181, (count, 3)).tolist()  # [count, 3] degrees
    canvas = Canvas(size)
    for kind, (x, y, a, b), weight, (turn, start, stop) in zip(kinds, numbers, weights, angles, strict=True):
        if kind < 0.6:
            canvas.line([(x, y), (a, b)], weight)
        elif kind < 0.8:
            canvas.disc(x, y, weight)
        else:
            canvas.line(_arc((x, y), (a, b), turn, min(start, stop), max(start, stop)), weight)
    return canvas.hole()


def free_form(size: Size, rng: Generator, nominal: Nominal) -> Masks:
    """Short bent strokes that may leave the mask; arguments and result as `irregular`."""
    height, width = size
    canvas = Canvas(size)
    count = int(12 + 80 * (rng.uniform(*nominal.ratio) - 0.2)) + int(rng.integers(3))
    starts = rng.integers(0, (width, height), (count, 2)).tolist()  # [count, 2] x, y
    segments = rng.integers(1, 6, count).tolist()  # [count]
    total = sum(segments)
    angles = 0.01 + rng.integers(0, 4, total)  # [total] radians
    lengths = rng.integers(10, 50, total)  # [total]
    # The official code walks along y by the sine and along x by the cosine.
    dx, dy = (lengths * np.cos(angles)).tolist(), (lengths * np.sin(angles)).tolist()
    widths = rng.integers(10, 20, total).tolist()  # [total]
    k = 0
    for stroke, (x, y) in enumerate(starts):
        sign = -1 if stroke % 2 == 0 else 1
        for _ in range(segments[stroke]):
            to_x, to_y = int(x + dx[k]), int(y + sign * dy[k])
            canvas.line([(x, y), (to_x, to_y)], widths[k])
            x, y, k = to_x, to_y, k + 1
    return canvas.hole()


def regular(size: Size, rng: Generator, nominal: Nominal) -> Masks:
    """Rectangles or a centred one, evenly: the paper's regular test set; arguments and result as `irregular`."""
    return (rectangles if rng.random() < 0.5 else centre)(size, rng, nominal)


def rectangles(size: Size, rng: Generator, nominal: Nominal) -> Masks:
    """One to four rectangles that may stick out to the right and below; arguments and result as `irregular`."""
    low, high = nominal.ratio
    ratio = rng.uniform(low, high)
    least = 1 + int(8 * (ratio - low))
    count = int(rng.integers(least, least + 2))
    shortest = max(1, int(math.sqrt(ratio * size[0] * size[1] / count)) - 20)
    hole = np.zeros(size, bool)  # [H, W]
    for _ in range(count):
        spans = []
        for length in size:
            start = int(rng.integers(int(length - length / (count + 1)) + 1))
            slack = int(length / (10 * high + 1 - count))
            spans.append(slice(start, start + shortest + int(rng.integers(slack + 1))))
        hole[tuple(spans)] = True
    return hole


def centre(size: Size, rng: Generator, nominal: Nominal) -> Masks:
    """A centred rectangle with .6 of the ratio as its share, at least the low end; arguments as `irregular`."""
    low, high = nominal.ratio
    ratio = min(max(0.6 * rng.uniform(low, high), low), high)
    hole = np.zeros(size, bool)  # [H, W]
    spans = []
    for length in size:
        side = int(length * math.sqrt(ratio))
        start = (length - side) // 2
        spans.append(slice(start, start + side))
    hole[tuple(spans)] = True
    return hole


def _arc(centre: tuple[int, int], axes: tuple[int, int], turn: int, start: int, stop: int) -> list[tuple[float, float]]:
    """Points each 5 degrees along an ellipse with half axes `axes`, turned by `turn`, all in degrees."""
    angles = np.radians(np.append(np.arange(start, stop, 5), stop))  # [n]
    x, y = axes[0] * np.cos(angles), axes[1] * np.sin(angles)  # [n], [n]
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    xs = np.rint(centre[0] + cos * x - sin * y).tolist()
    ys = np.rint(centre[1] + sin * x + cos * y).tolist()
    return list(zip(xs, ys, strict=True))
