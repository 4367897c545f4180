"""`retouch fill`: one photo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from retouch.cli.groups import grouped
from retouch.cli.options import FillOptions, HoleOptions, ReadingOptions, WritingOptions

BESIDES = "What is written besides"


def _file(name: str, text: str) -> Any:
    return typer.Option(name, help=text, metavar="FILE", rich_help_panel=BESIDES)


@dataclass(frozen=True)
class SideOptions:
    """Files that are written besides the photo."""

    compare: Annotated[Path | None, _file("--compare", "Before, hole and after side by side (PNG or JPEG).")] = None
    save_mask: Annotated[Path | None, _file("--save-mask", "The hole as PNG, white = hole.")] = None
    layer: Annotated[Path | None, _file("--layer", "The fill alone, full size, as RGBA PNG for image editors.")] = None
    uncertainty: Annotated[
        Path | None, _file("--uncertainty", "Where the model is unsure, as PNG; not every model tells.")
    ] = None
    animate: Annotated[
        Path | None, _file("--animate", "The steps of a model that iterates, as an animation (WebP).")
    ] = None
    json: Annotated[Path | None, _file("--json", "A report for programs; - prints it.")] = None


@grouped
def fill(
    photo: Annotated[str, typer.Argument(help="The photo; - reads it from standard input.", metavar="PHOTO")],
    mask: Annotated[
        str | None, typer.Argument(help="White = hole; - reads it from standard input.", metavar="MASK")
    ] = None,
    out: Annotated[
        str | None,
        typer.Option("--out", "-o", help="The result; - writes to standard output. Default: PHOTO.filled.SUFFIX"),
    ] = None,
    *,
    filling: FillOptions,
    hole: HoleOptions,
    reading: ReadingOptions,
    writing: WritingOptions,
    sides: SideOptions,
) -> None:
    """Fill the hole in one photo.

    retouch fill photo.jpg mask.png -o out.jpg

    The hole is where MASK is white, joined with --box, --key and --from-alpha. Nothing else in the file changes.
    """
    from retouch.cli.fill_one import fill_one
    from retouch.job import make_job

    job = make_job(
        model=filling.model,
        device=filling.device,
        harmonise=filling.harmonise,
        seed=filling.seed,
        marks=hole.marks(),
        avoid=filling.avoid,
        max_pixels=reading.max_pixels,
        **reading.settings() | filling.settings(),
    )
    fill_one(job, photo, mask, out, filling.samples, writing, sides)
