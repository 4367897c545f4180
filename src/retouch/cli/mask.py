"""`retouch mask`: make, change or look at a mask."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retouch.cli.groups import grouped
from retouch.cli.options import HOLE, HoleOptions, ReadingOptions


@grouped
def mask(
    masks: Annotated[
        list[str] | None,
        typer.Argument(help="Masks to start from, joined; - reads one.", metavar="MASK...", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The new mask (PNG); - prints it.", metavar="OUT.png")
    ] = None,
    photo: Annotated[
        Path | None, typer.Option("--photo", help="The photo it is for.", metavar="PHOTO", rich_help_panel=HOLE)
    ] = None,
    size: Annotated[
        str | None, typer.Option("--size", help="Its size, without photo.", metavar="WxH", rich_help_panel=HOLE)
    ] = None,
    polygon: Annotated[
        list[str] | None,
        typer.Option("--polygon", help="Points 'x,y x,y x,y'; repeatable.", metavar="POINTS", rich_help_panel=HOLE),
    ] = None,
    join: Annotated[
        list[Path] | None,
        typer.Option("--join", help="Masks to add at the end, as they are.", metavar="MASK", rich_help_panel=HOLE),
    ] = None,
    info: Annotated[bool, typer.Option("--info", help="Tell size, share of hole, parts and polarity.")] = False,
    json: Annotated[bool, typer.Option("--json", help="With --info: print it for programs.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")] = False,
    *,
    hole: HoleOptions,
    reading: ReadingOptions,
) -> None:
    """Make or change a mask, or tell about one.

    retouch mask --photo photo.jpg --box 40,60,200,100 --grow 5 -o mask.png

    retouch mask --info mask.png

    All sources are joined, then grown, shrunk and inverted, in this order. White = hole.
    """
    from retouch.cli.mask_run import check_out, describe, make, parse_polygon

    check_out(out, info)
    marks = hole.marks(tuple(parse_polygon(text) for text in polygon or ()))
    made = make(masks or [], join or [], photo, size, marks, reading)
    describe(made, out, info, json, overwrite, [*(masks or []), *(str(path) for path in join or [])])
