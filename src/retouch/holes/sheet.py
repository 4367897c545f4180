"""Many masks on one picture, to look at."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from retouch.holes.check import checked_count, checked_hole
from retouch.holes.reject import share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retouch.methods.base import Masks

HOLE, KNOWN, PAPER, INK = 245, 60, 255, 40  # grey values
GAP, LINE = 6, 14  # pixels between cells, and height of a line of text


def sheet(
    holes: Sequence[Masks], columns: int | None = None, cell: int = 128, labels: Sequence[str] | None = None
) -> Image.Image:
    """A contact sheet: each mask (light = hole) scaled into a square cell, its share of hole below.

    Args:
        holes: [H, W] bool each, True = hole; sizes may differ.
        columns: cells in a row; None: about as many as rows.
        cell: side of a cell in pixels.
        labels: a word after each share; None: none.

    Returns:
        A PIL image of mode L.

    Raises:
        ValueError: no holes, one is no bool array, `columns` or `cell` is below 1, or labels are of another number.
    """
    if not len(holes):
        raise ValueError("holes: is empty; accepted: at least one bool array [H, W]")
    if labels is not None and len(labels) != len(holes):
        raise ValueError(f"labels: there are {len(labels)} for {len(holes)} holes; accepted: one for each")
    checked_count("cell", cell, least=1)
    across = checked_count("columns", math.ceil(math.sqrt(len(holes))) if columns is None else columns, least=1)
    rows = math.ceil(len(holes) / across)
    picture = Image.new("L", (across * (cell + GAP) + GAP, rows * (cell + LINE + GAP) + GAP), PAPER)
    for k, hole in enumerate(holes):
        x, y = GAP + k % across * (cell + GAP), GAP + k // across * (cell + LINE + GAP)
        picture.paste(_thumbnail(checked_hole(f"holes[{k}]", hole), cell), (x, y))
        text = f"{share(hole):.0%} {labels[k] if labels is not None else ''}"
        picture.paste(_line(text, cell), (x, y + cell))
    return picture


def _line(text: str, width: int) -> Image.Image:
    """A line of text, cut off at `width` pixels so that it stays under its own cell."""
    strip = Image.new("L", (width, LINE), PAPER)
    ImageDraw.Draw(strip).text((0, 1), text, fill=INK)
    return strip


def _thumbnail(hole: Masks, cell: int) -> Image.Image:
    grey = Image.fromarray(np.where(hole, HOLE, KNOWN).astype(np.uint8))  # [H, W]
    zoom = cell / max(grey.size)
    return grey.resize((max(1, round(grey.width * zoom)), max(1, round(grey.height * zoom))), Image.Resampling.BOX)
