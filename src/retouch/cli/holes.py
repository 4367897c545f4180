"""`retouch holes`: masks of the papers' generators."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def holes(
    recipe: Annotated[
        str | None, typer.Argument(help="The recipe; --list shows them.", metavar="RECIPE", show_default=False)
    ] = None,
    out: Annotated[Path | None, typer.Argument(help="Folder for the masks.", metavar="OUT", show_default=False)] = None,
    size: Annotated[
        str | None,
        typer.Option("--size", help="WIDTHxHEIGHT in pixels; default as the recipe.", metavar="SIDE|WIDTHxHEIGHT"),
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", help="How many masks.", min=1)] = 16,
    seed: Annotated[int, typer.Option("--seed", help="Mask k depends on it and on k only.", min=0)] = 0,
    ratio: Annotated[
        str | None, typer.Option("--ratio", help="Only masks with this share of hole.", metavar="LOW-HIGH")
    ] = None,
    objects: Annotated[
        Path | None,
        typer.Option("--objects", help="Object shapes: a folder of PNGs, or a COCO or panoptic JSON.", metavar="DIR"),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Delete masks of other settings in OUT.")] = False,
    show: Annotated[bool, typer.Option("--list", help="List the recipes with source and statistics.")] = False,
) -> None:
    """Draw masks as the papers do, to train or to compare with.

    retouch holes mat-512-large masks --count 100

    OUT gets 000000.png and so on (1 bit, white = hole) and the contact sheet sheet.png. Called again it goes on where
    it was stopped.
    """
    from retouch.cli.holes_run import draw_all, listing
    from retouch.cli.speak import out as tell

    if show:
        tell(listing())
        return
    if recipe is None or out is None:
        raise typer.BadParameter("RECIPE and OUT are needed, or --list")
    draw_all(recipe, out, size=size, count=count, seed=seed, ratio=ratio, objects=objects, overwrite=overwrite)
