"""What `retouch holes` does: words to values, the run, and the list of recipes as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from retouch.cli.bar import waiting
from retouch.cli.speak import note, say
from retouch.holes.files import write_holes
from retouch.holes.measured import measured
from retouch.holes.recipes import RECIPES, recipe

if TYPE_CHECKING:
    from pathlib import Path

    from retouch.holes.check import Ratio, Size

_SIZE = re.compile(r"(\d{1,6})(?:[x×](\d{1,6}))?", re.ASCII | re.IGNORECASE)
_SHARE = r"(\d*\.?\d+|\d+\.)"
_RATIO = re.compile(rf"{_SHARE}-{_SHARE}", re.ASCII)


def draw_all(
    name: str,
    out: Path,
    *,
    size: str | None,
    count: int,
    seed: int,
    ratio: str | None,
    objects: Path | None,
    overwrite: bool,
) -> None:
    """Write the masks and say what was written; errors as `retouch.holes.write_holes`."""
    from retouch.methods.base import Progress

    chosen = recipe(name)
    shape = (chosen.native, chosen.native) if size is None else parse_size(size)
    limits = None if ratio is None else parse_ratio(ratio)
    with waiting("drawing") as show:
        done = write_holes(
            name,
            out,
            size=shape,
            count=count,
            seed=seed,
            ratio=limits,
            objects=objects,
            overwrite=overwrite,
            progress=None if show is None else lambda step, steps: show(Progress("draw", step, steps)),
        )
    if chosen.shapes and objects is None:
        note("the object shapes are made-up blobs; --objects takes a folder of real ones")
    kept = f", {done.kept} were there already" if done.kept else ""
    say(f"retouch: {done.made} masks drawn in {out}{kept}; look at {done.sheet}")


def parse_size(text: str) -> Size:
    """Read "512" or "683x512" (width x height) as (height, width) in pixels; else ValueError."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"--size: is {text!r}; accepted: a side such as 512, or width x height such as 683x512")
    return int(match[2] or match[1]), int(match[1])


def parse_ratio(text: str) -> Ratio:
    """Read ".2-.4" as (0.2, 0.4); else ValueError."""
    match = _RATIO.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"--ratio: is {text!r}; accepted: two shares from 0 to 1, such as .2-.4")
    return float(match[1]), float(match[2])


def listing() -> str:
    """The recipes as a table: name, native side, measured share of hole, parts, source."""
    head = ("recipe", "side", "hole", "parts", "source")
    rows = [head]
    for one in RECIPES:
        found = measured(one.name)
        source = f"{one.source} [object shapes]" if one.shapes else one.source
        share = f"{found.mean:.2f} ± {found.std:.2f}"
        rows.append((one.name, str(one.native), share, f"{found.parts:.1f}", source))
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)) for row in rows]
    return "\n".join([*lines, "", _EXPLAINED])


_EXPLAINED = (
    "hole: mean ± standard deviation of the share of hole, and parts: mean number of connected parts, of 2,000 masks\n"
    "at that side. [object shapes]: takes --objects; measured with made-up blobs."
)
