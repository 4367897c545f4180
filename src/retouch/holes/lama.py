"""Masks of LaMa: thin, medium and thick, for training and for its test sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retouch.holes.raster import Canvas
from retouch.holes.reject import TRIES, share

if TYPE_CHECKING:
    from numpy.random import Generator

    from retouch.holes.check import Size
    from retouch.methods.base import Masks


@dataclass(frozen=True)
class Strokes:
    """Polylines, with the values of LaMa's configuration files.

    Attributes:
        times: fewest and most strokes as configured; what is drawn goes up to one more than the most.
        width: widths are 5 to width + 4 pixels.
        length: segments are 10 to length + 9 pixels long.
    """

    times: tuple[int, int]
    width: int
    length: int


@dataclass(frozen=True)
class Boxes:
    """Rectangles.

    Attributes:
        weight: how often boxes are drawn, against 1 for strokes.
        margin: pixels that stay known at each edge.
        sides: shortest and longest side in pixels.
        times: fewest and most boxes.
    """

    weight: float
    margin: int
    sides: tuple[int, int]
    times: tuple[int, int]


@dataclass(frozen=True)
class Mix:
    """Strokes or boxes, one kind per mask."""

    strokes: Strokes
    boxes: Boxes | None = None


THIN_256 = Mix(Strokes((4, 50), 10, 40))
THIN_512 = Mix(Strokes((4, 70), 20, 100))
MEDIUM_256 = Mix(Strokes((4, 5), 50, 100), Boxes(0.3, 0, (10, 50), (1, 5)))
MEDIUM_512 = Mix(Strokes((4, 10), 100, 200), Boxes(0.3, 0, (30, 150), (1, 5)))
THICK_256 = Mix(Strokes((1, 5), 100, 200), Boxes(0.3, 10, (30, 150), (1, 3)))
THICK_512 = Mix(Strokes((1, 5), 250, 450), Boxes(0.3, 10, (30, 300), (1, 4)))
TRAIN_256 = Mix(Strokes((1, 5), 100, 200), Boxes(1.0, 10, (30, 150), (1, 4)))


@dataclass(frozen=True, eq=False)
class Cropped:
    """A square hole [S, S] bool, and where its top left corner was in the image."""

    hole: Masks
    y: int
    x: int


def lama(size: Size, rng: Generator, mix: Mix) -> Masks:
    """A hole of strokes or of boxes, as in training.

    Args:
        size: (height, width) in pixels; widths and lengths do not scale.
        rng: source of everything random.
        mix: the configuration.

    Returns:
        [H, W] bool, True = hole.

    Raises:
        ValueError: the mask is too small for the shortest box and its margin.
    """
    if mix.boxes is not None:
        _check_room(size, mix.boxes)
        if rng.random() * (1 + mix.boxes.weight) >= 1:
            return _boxes(size, rng, mix.boxes)
    return _strokes(size, rng, mix.strokes)


def lama_test(size: Size, rng: Generator, mix: Mix) -> Masks:
    """A hole as in LaMa's test sets from images of this size: cropped to a square, at most half of it hole.

    Arguments and errors as `lama`; the result is [S, S], S = the shorter side. Where the official procedure skips an
    image because none of its masks will do, more are drawn.
    """
    for _ in range(TRIES):
        found = lama_test_crop(size, rng, mix)
        if found is not None:
            return found.hole
    raise ValueError(f"size: in {size[0]}x{size[1]} (height x width) no crop of a LaMa mask is at most half hole")


def lama_places(size: Size, rng: Generator, mix: Mix) -> Masks:
    """A test-set hole [S, S] cropped from a 4:3 image of the same height, as the photos of Places are.

    Raises:
        ValueError: `size` is not square; else as `lama_test`.
    """
    height, width = size
    if height != width:
        raise ValueError(f"size: is {height}x{width}; accepted: a square, this recipe crops it from a 4:3 image")
    return lama_test((height, round(height * 4 / 3)), rng, mix)


def lama_test_crop(size: Size, rng: Generator, mix: Mix, attempts: int = 5) -> Cropped | None:
    """LaMa's test-set procedure on one image: draw masks, crop each to a square, keep one that is at most half hole.

    The official code draws all five masks and takes a random survivor; as they are independent, the first survivor
    has the same distribution.

    Args:
        size: (height, width) of the whole image, already resized so that the shorter side is 256 or 512.
        rng: source of everything random.
        mix: the configuration.
        attempts: masks per image.

    Returns:
        The square hole with its place, or None where no mask will do and the image is left out.

    Raises:
        ValueError: the image is too small for the shortest box and its margin.
    """
    for _ in range(attempts):
        found = _square(lama(size, rng, mix), rng)
        if found is not None and 0 < share(found.hole) <= 0.5:
            return found
    return None


def _square(hole: Masks, rng: Generator) -> Cropped | None:
    """A random square along the long side that meets the hole; None where there is no hole."""
    height, width = hole.shape
    side, length = min(height, width), max(height, width)
    if side == length:
        return Cropped(hole, 0, 0)
    along = np.flatnonzero(hole.any(axis=0 if width > height else 1))
    if along.size == 0:
        return None
    last = int(along[-1])
    low = max(0, min(length - side - 1, last - side))
    start = int(rng.integers(low, max(low + 1, min(length - side, last))))
    if width > height:
        return Cropped(hole[:, start : start + side], 0, start)
    return Cropped(hole[start : start + side], start, 0)


def _strokes(size: Size, rng: Generator, strokes: Strokes) -> Masks:
    height, width = size
    canvas = Canvas(size)
    # The class adds one to the configured maximum and the function it calls adds one again.
    count = int(rng.integers(strokes.times[0], strokes.times[1] + 2))
    starts = rng.integers(0, (width, height), (count, 2)).tolist()  # [count, 2] x, y
    segments = rng.integers(1, 6, count).tolist()  # [count]
    total = sum(segments)
    angles = 0.01 + rng.integers(0, 4, total)  # [total] radians
    lengths = rng.integers(10, 10 + strokes.length, total)  # [total]
    dx, dy = (lengths * np.sin(angles)).tolist(), (lengths * np.cos(angles)).tolist()
    widths = rng.integers(5, 5 + strokes.width, total).tolist()  # [total]
    k = 0
    for stroke, (x, y) in enumerate(starts):
        sign = -1 if stroke % 2 == 0 else 1  # 2 pi - angle turns the sine's sign and keeps the cosine's
        for _ in range(segments[stroke]):
            to_x = min(max(int(x + sign * dx[k]), 0), width)
            to_y = min(max(int(y + dy[k]), 0), height)
            canvas.line([(x, y), (to_x, to_y)], widths[k])
            x, y, k = to_x, to_y, k + 1
    return canvas.hole()


def _boxes(size: Size, rng: Generator, boxes: Boxes) -> Masks:
    height, width = size
    hole = np.zeros(size, bool)  # [H, W]
    count = int(rng.integers(boxes.times[0], boxes.times[1] + 1))
    limit = min(boxes.sides[1] + 1, min(size) - 2 * boxes.margin)
    sides = rng.integers(boxes.sides[0], limit, (count, 2))  # [count, 2] height, width
    starts = rng.integers(boxes.margin, np.array([height, width]) - boxes.margin - sides + 1)  # [count, 2] y, x
    for (y, x), (h, w) in zip(starts.tolist(), sides.tolist(), strict=True):
        hole[y : y + h, x : x + w] = True
    return hole


def _check_room(size: Size, boxes: Boxes) -> None:
    least = boxes.sides[0] + 2 * boxes.margin + 1
    if min(size) < least:
        raise ValueError(f"size: is {size[0]}x{size[1]}; accepted: sides from {least} pixels up for this LaMa recipe")
