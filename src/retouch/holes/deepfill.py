"""Masks of DeepFill v2: a box, strokes of a brush, or both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retouch.holes.brush import Brush, brush_hole

if TYPE_CHECKING:
    from numpy.random import Generator

    from retouch.holes.check import Size
    from retouch.methods.base import Masks

BRUSH = Brush(segments=(4, 12), width=(12, 40))


@dataclass(frozen=True)
class FreeForm:
    """Which parts are drawn.

    Attributes:
        box: draw a box of half the mask's sides, less up to 1/16 at each edge (128 and up to 16 pixels at 256).
        strokes: fewest strokes, and one more than the most; None: no brush.
    """

    box: bool = True
    strokes: tuple[int, int] | None = (1, 4)


def deepfill(size: Size, rng: Generator, form: FreeForm) -> Masks:
    """A random box and 1 to 3 brush strokes, united.

    Args:
        size: (height, width) in pixels; the box scales with it, brush widths do not.
        rng: source of everything random.
        form: which of the two are drawn.

    Returns:
        [H, W] bool, True = hole.
    """
    hole = np.zeros(size, bool)  # [H, W]
    if form.box:
        _box(hole, rng)
    if form.strokes is not None:
        hole = brush_hole(hole, int(rng.integers(*form.strokes)), BRUSH, rng)
    return hole


def _box(hole: Masks, rng: Generator) -> None:
    spans = []
    for length in hole.shape:
        side = max(length // 2, 1)
        start, inset = int(rng.integers(length - side + 1)), int(rng.integers(length // 16 + 1))
        spans.append(slice(start + inset, start + side - inset))
    hole[tuple(spans)] = True
