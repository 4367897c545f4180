"""What can be told of a mask by looking at it: how much, how many parts, which polarity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.mask import Mask
    from retouch.methods.base import Masks


@dataclass(frozen=True)
class MaskFacts:
    """What a mask looks like.

    Attributes:
        size: (width, height) in pixels.
        coverage: share of the photo that is hole, 0 to 1.
        parts: holes that do not touch, corners included.
        box: (x, y, width, height) around all of them; None for an empty mask.
        likely_inverted: the hole is most of the photo and of its border, so it is probably the known part.
    """

    size: tuple[int, int]
    coverage: float
    parts: int
    box: tuple[int, int, int, int] | None
    likely_inverted: bool


def facts(mask: Mask) -> MaskFacts:
    """Look at a mask."""
    from retouch.mask import bounding_box

    hole = mask.hole
    border = np.concatenate([hole[0], hole[-1], hole[:, 0], hole[:, -1]])
    around = bounding_box(hole)
    box = None if around is None else (around[0], around[1], around[2] - around[0], around[3] - around[1])
    likely = mask.coverage > 0.5 and float(border.mean()) > 0.5
    return MaskFacts(mask.size, mask.coverage, count_parts(hole), box, likely)


def count_parts(hole: Masks) -> int:
    """The number of connected parts of `hole` [H, W] bool; pixels that touch by a corner are connected."""
    rows, starts, stops = _runs(hole)
    first, second = _touching(rows, starts, stops, hole.shape[1])
    label = np.arange(len(rows))
    while True:
        # Each run takes the smallest label of its neighbours, then labels follow their own labels to the end.
        smallest = np.minimum(label[first], label[second])
        before = label.copy()
        np.minimum.at(label, label[first], smallest)
        np.minimum.at(label, label[second], smallest)
        while not np.array_equal(label, label[label]):
            label = label[label]
        if np.array_equal(label, before):
            return len(np.unique(label))


def _runs(hole: Masks) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Row, start and stop (exclusive) of every run of True pixels, in reading order."""
    edges = np.diff(np.pad(hole, ((0, 0), (1, 1))).view(np.int8), axis=1)  # [H, W + 1]
    rows, starts = np.nonzero(edges == 1)
    return rows, starts, np.nonzero(edges == -1)[1]


def _touching(
    rows: NDArray[np.intp], starts: NDArray[np.intp], stops: NDArray[np.intp], width: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of runs in neighbouring rows that touch."""
    stride = width + 2
    # Of the row below: from the first run that stops at my start or later, to the last that starts by my stop.
    low = np.searchsorted(rows * stride + stops, (rows + 1) * stride + starts, side="left")
    high = np.searchsorted(rows * stride + starts, (rows + 1) * stride + stops, side="right")
    many = np.maximum(high - low, 0)
    first = np.repeat(np.arange(len(rows)), many)
    offset = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    return first, np.repeat(low, many) + offset
