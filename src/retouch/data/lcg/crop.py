"""A square of the photo's shorter side that holds enough of a hole."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retouch.mask.morphology import bounding_box

if TYPE_CHECKING:
    from numpy.random import Generator

    from retouch.mask.morphology import Box
    from retouch.methods.base import Masks


@dataclass(frozen=True)
class Square:
    """A square crop: its box (x0, y0, x1, y1) in pixels with exclusive ends, and whether it is mirrored after."""

    box: Box
    mirrored: bool

    def cut(self, mask: Masks) -> Masks:
        """[side, side] of a mask [H, W]."""
        x0, y0, x1, y1 = self.box
        part = mask[y0:y1, x0:x1]
        return np.ascontiguousarray(part[:, ::-1]) if self.mirrored else part


def draw_square(hole: Masks, rng: Generator, keep: float, flip: float) -> Square | None:
    """A random square of the shorter side, along the longer one, that keeps a share of the hole's extent there.

    Args:
        hole: [H, W] bool, True = hole.
        rng: source of everything random.
        keep: least share; of a hole longer than the square as much as goes in.
        flip: chance that it is mirrored.

    Returns:
        The square; None for an empty hole.
    """
    place, turn = rng.random(2).tolist()
    found = bounding_box(hole)
    if found is None:
        return None
    height, width = hole.shape
    side, length = min(height, width), max(height, width)
    first, last = (found[0], found[2]) if width >= height else (found[1], found[3])
    needed = min(math.ceil(keep * (last - first)), side)
    low, high = max(0, first + needed - side), min(length - side, last - needed)
    start = low + int(place * (high - low + 1))
    mirrored = turn < flip
    if width >= height:
        return Square((start, 0, start + side, side), mirrored)
    return Square((0, start, side, start + side), mirrored)
