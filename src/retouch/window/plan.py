"""Windows: which crops of a photo a method gets to see, so that the cost follows the hole and not the photo.

    hole ─ blobs ─▶ boxes of connected holes ─ join near ones ─▶ regions ─▶ windows (whole, scaled or tiled)

Boxes are (x0, y0, x1, y1) in pixels, x1 and y1 exclusive. Masks: True = hole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np
from PIL import Image

from retouch.mask.morphology import bounding_box

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from retouch.methods.base import Masks

Box: TypeAlias = tuple[int, int, int, int]
Scalar = TypeVar("Scalar", bound=np.generic)

MIN_CONTEXT = 64  # pixels of surroundings at the least
HOLE_SHARE = 1 / 3  # of a window's area that its hole's box takes
MAX_JOIN_WASTE = 1.25  # joined windows may cover this much more area than apart
CELL = 32  # holes nearer than this count as one from the start
WHOLE_PHOTO_SIDE = 512  # a photo up to this size is one window anyway


@dataclass(frozen=True)
class Window:
    """One crop to fill.

    Attributes:
        box: what the method sees, in photo pixels.
        core: the part of the box whose hole pixels this window fills.
        size: (width, height) at which the method sees the box; smaller than the box where it is scaled down.
        wave: windows of one wave do not overlap; a wave sees what earlier waves filled.
    """

    box: Box
    core: Box
    size: tuple[int, int]
    wave: int = 0

    @property
    def scale(self) -> float:
        """Pixels the method sees for one pixel of the photo; 1 = full resolution."""
        return self.size[0] / (self.box[2] - self.box[0])


def plan(hole: Masks, *, native: int | None, unknown: Masks | None = None) -> tuple[Window, ...]:
    """Choose the windows in which `hole` is filled.

    Every hole pixel lies in some window's core (where two cores share a pixel, the earlier window fills it). A
    region that fits the method's native size is one window; a larger one is cut into overlapping native-size
    tiles where its hole is thin (a cable, scratches), and scaled down as a whole where it is thick.

    Args:
        hole: [H, W] bool, already dilated, True = hole.
        native: side the method works best at, or None for any.
        unknown: [H, W] bool, pixels that give no context either (`avoid`); windows grow until they know enough.
    """
    if native is not None and native < 1:
        raise ValueError(f"native must be at least 1 or None, got {native}")
    height, width = hole.shape
    photo: Box = (0, 0, width, height)
    windows: list[Window] = []
    if max(height, width) <= min(native or WHOLE_PHOTO_SIDE, WHOLE_PHOTO_SIDE):
        windows = [Window(photo, photo, (width, height))] if hole.any() else []
    else:
        blocked = hole if unknown is None else hole | unknown
        for core in join(blobs(hole), photo):
            windows.extend(_windows_of(core, hole, blocked, native))
    return _in_waves(windows)


def _windows_of(core: Box, hole: Masks, blocked: Masks, native: int | None) -> Iterator[Window]:
    box = _with_context(core, blocked)
    if native is None or max(sides(box)) <= native:
        yield Window(box, core, sides(box))
    elif thickness(crop(hole, core)) * 3 <= native:
        for tile in _tiles(core, hole, native // 2):
            yield from _windows_of_tile(tile, blocked, native)
    else:
        yield Window(box, core, fitted(sides(box), native))


def _windows_of_tile(core: Box, blocked: Masks, native: int) -> Iterator[Window]:
    box = _with_context(core, blocked)
    yield Window(box, core, fitted(sides(box), native))


def _tiles(core: Box, hole: Masks, side: int) -> Iterator[Box]:
    """Cut `core` into a grid of squares and shrink each to the hole pixels it holds."""
    side = max(side, 1)
    for y in range(core[1], core[3], side):
        for x in range(core[0], core[2], side):
            part = (x, y, min(x + side, core[2]), min(y + side, core[3]))
            inside = bounding_box(crop(hole, part))
            if inside is not None:
                yield (x + inside[0], y + inside[1], x + inside[2], y + inside[3])


def blobs(hole: Masks) -> list[Box]:
    """Boxes of the connected parts of `hole` [H, W]; parts nearer than about CELL pixels count as one."""
    height, width = hole.shape
    rows, columns = -(-height // CELL), -(-width // CELL)
    by_row = np.logical_or.reduceat(hole, np.arange(rows) * CELL, axis=0)  # [rows, W]
    cells = np.logical_or.reduceat(by_row, np.arange(columns) * CELL, axis=1)  # [rows, columns]
    todo = set(zip(*(axis.tolist() for axis in np.nonzero(cells)), strict=True))
    boxes = []
    for first in sorted(todo):
        if first not in todo:
            continue
        todo.remove(first)
        part, stack = [first], [first]
        while stack:
            row, column = stack.pop()
            for near in ((row + dy, column + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)):
                if near in todo:
                    todo.remove(near)
                    part.append(near)
                    stack.append(near)
        boxes.append(_box_of_cells(part, hole))
    return boxes


def _box_of_cells(part: list[tuple[int, int]], hole: Masks) -> Box:
    top, left = (min(cell[axis] for cell in part) * CELL for axis in (0, 1))
    bottom, right = ((max(cell[axis] for cell in part) + 1) * CELL for axis in (0, 1))
    inside = bounding_box(hole[top:bottom, left:right])
    assert inside is not None  # every cell of the part holds a hole pixel
    return (left + inside[0], top + inside[1], left + inside[2], top + inside[3])


def join(boxes: list[Box], photo: Box) -> list[Box]:
    """Join boxes whose contexts touch, unless their joint window would mostly cover pixels neither needs."""
    done: list[Box] = []
    todo = list(boxes)
    while todo:
        box = todo.pop()
        partner = next((k for k, other in enumerate(done) if _worth_joining(box, other, photo)), None)
        if partner is None:
            done.append(box)
        else:
            todo.append(_union(box, done.pop(partner)))
    return sorted(done, key=lambda box: (box[1], box[0]))


def _worth_joining(a: Box, b: Box, photo: Box) -> bool:
    window_a, window_b, joint = (grown(box, photo) for box in (a, b, _union(a, b)))
    return overlap(window_a, window_b) and area(joint) <= MAX_JOIN_WASTE * (area(window_a) + area(window_b))


def grown(core: Box, photo: Box, margin: int | None = None) -> Box:
    """`core` with surroundings: by default the box takes HOLE_SHARE of the window, at least MIN_CONTEXT around.

    Where the photo ends on one side, the window reaches further on the other, as far as the photo goes.
    """
    width, height = sides(core)
    if margin is None:
        # Solve (width + 2m)(height + 2m) = width * height / HOLE_SHARE for m.
        half = (width + height) / 4
        margin = int(np.ceil(np.sqrt(half * half + width * height * (1 / HOLE_SHARE - 1) / 4) - half))
        margin = max(margin, MIN_CONTEXT)
    x0, x1 = _span(core[0], core[2], margin, photo[2])
    y0, y1 = _span(core[1], core[3], margin, photo[3])
    return (x0, y0, x1, y1)


def _span(start: int, stop: int, margin: int, length: int) -> tuple[int, int]:
    want = min(stop - start + 2 * margin, length)
    first = min(max(start - margin, 0), length - want)
    return first, first + want


def _with_context(core: Box, blocked: Masks) -> Box:
    """Grow `core` until at least a third of the window is known, or the window is the whole photo."""
    photo = (0, 0, blocked.shape[1], blocked.shape[0])
    box = grown(core, photo)
    while box != photo and crop(blocked, box).mean() > 2 / 3:
        box = grown(core, photo, margin=max(sides(box)))
    return box


def thickness(hole: Masks) -> int:
    """Side of the largest square inside `hole` [h, w], in pixels; large holes are measured on a coarser grid."""
    step = -(-max(hole.shape) // 1024)
    if step > 1:
        # An area counts as hole where most of it is: thin lines vanish, which is what thin means here.
        size = (-(-hole.shape[1] // step), -(-hole.shape[0] // step))
        share = Image.fromarray(hole).convert("L").resize(size, Image.Resampling.BOX)
        hole = np.asarray(share) > 127
    sums = np.pad(hole.astype(np.int32).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))  # [h+1, w+1]
    low, high = 0, min(hole.shape)
    while low < high:
        side = (low + high + 1) // 2
        inside = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
        if (inside == side * side).any():
            low = side
        else:
            high = side - 1
    return int(low * step)


def _in_waves(windows: list[Window]) -> tuple[Window, ...]:
    """Put every window into the first wave after all earlier windows that it overlaps."""
    placed: list[Window] = []
    for window in windows:
        wave = max((w.wave + 1 for w in placed if overlap(w.box, window.box)), default=0)
        placed.append(Window(window.box, window.core, window.size, wave))
    return tuple(sorted(placed, key=lambda window: window.wave))


def fitted(size: tuple[int, int], native: int) -> tuple[int, int]:
    """(width, height) scaled down so that the longer side is at most `native`."""
    scale = min(1.0, native / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def crop(array: NDArray[Scalar], box: Box) -> NDArray[Scalar]:
    """The part of [H, W, ...] inside `box`; a view."""
    return array[box[1] : box[3], box[0] : box[2]]


def sides(box: Box) -> tuple[int, int]:
    """(width, height) of a box."""
    return box[2] - box[0], box[3] - box[1]


def area(box: Box) -> int:
    """Pixels in a box."""
    return (box[2] - box[0]) * (box[3] - box[1])


def overlap(a: Box, b: Box) -> bool:
    """Whether two boxes share a pixel."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _union(a: Box, b: Box) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
