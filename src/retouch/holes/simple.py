"""Boxes, centred squares and borders."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

    from retouch.holes.check import Ratio, Size
    from retouch.methods.base import Masks


@dataclass(frozen=True)
class Rectangles:
    """`count` fewest and most rectangles; `sides`: shortest and longest side as parts of the mask's."""

    count: tuple[int, int] = (1, 1)
    sides: Ratio = (0.25, 0.5)


@dataclass(frozen=True)
class Centred:
    """A rectangle of the mask's shape with `area` of its pixels; `outside`: all but it is hole."""

    area: float = 0.25
    outside: bool = False


@dataclass(frozen=True)
class Borders:
    """Each of the four borders is hole with `chance`, `depth` (low, high) of the mask's side deep."""

    depth: Ratio = (0.04, 0.25)
    chance: float = 0.5


def boxes(size: Size, rng: Generator, rectangles: Rectangles) -> Masks:
    """Random rectangles that lie wholly inside the mask.

    Args:
        size: (height, width) in pixels.
        rng: source of everything random.
        rectangles: how many and how large.

    Returns:
        [H, W] bool, True = hole.
    """
    hole = np.zeros(size, bool)  # [H, W]
    for _ in range(int(rng.integers(rectangles.count[0], rectangles.count[1] + 1))):
        sides = [max(1, round(length * rng.uniform(*rectangles.sides))) for length in size]
        y, x = (int(rng.integers(length - side + 1)) for length, side in zip(size, sides, strict=True))
        hole[y : y + sides[0], x : x + sides[1]] = True
    return hole


def centred(size: Size, rng: Generator, rectangle: Centred) -> Masks:  # noqa: ARG001 - all recipes take one
    """A centred rectangle, always the same; arguments and result as `boxes`."""
    part = math.sqrt(rectangle.area)
    spans = []
    for length in size:
        side = max(1, round(length * part))
        spans.append(slice((length - side) // 2, (length - side) // 2 + side))
    hole = np.full(size, rectangle.outside)  # [H, W]
    hole[tuple(spans)] = not rectangle.outside
    return hole


def borders(size: Size, rng: Generator, bands: Borders) -> Masks:
    """Bands along at least one border, to be painted outwards; arguments and result as `boxes`."""
    chosen = rng.random(4) < bands.chance  # [4] top, bottom, left, right
    if not chosen.any():
        chosen[rng.integers(4)] = True
    hole = np.zeros(size, bool)  # [H, W]
    for side in np.flatnonzero(chosen).tolist():
        length = size[side // 2]
        depth = max(1, round(length * rng.uniform(*bands.depth)))
        band = slice(0, depth) if side % 2 == 0 else slice(length - depth, length)
        hole[(band, slice(None)) if side < 2 else (slice(None), band)] = True
    return hole
