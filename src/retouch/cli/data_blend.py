"""`retouch data blend`: training samples of blend, with their candidates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def blend(
    photos: Annotated[Path, typer.Argument(help="Folder of photos, or shards.", metavar="PHOTOS")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the samples.", metavar="OUT")],
    count: Annotated[int, typer.Option("--count", "-n", help="Samples in all.", min=1)],
    variant: Annotated[str, typer.Option("--variant", help="Whose candidates and size.", metavar="NAME")] = "small",
    holes: Annotated[
        str | None, typer.Option("--holes", help="Hole recipe, or several with weights.", metavar="NAME[:WEIGHT],...")
    ] = None,
    objects: Annotated[
        Path | None, typer.Option("--objects", help="Object shapes: a folder of PNGs, or a COCO JSON.", metavar="DIR")
    ] = None,
    list_file: Annotated[
        Path | None, typer.Option("--list", help="Only the photos that it names.", metavar="FILE")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Sample k depends on it and on k only.", min=0)] = 0,
    shard: Annotated[
        str | None, typer.Option("--shard", help="Only the i-th of n shares, for several processes.", metavar="I/N")
    ] = None,
) -> None:
    """Cut samples with holes out of photos and fill them in several ways; 'retouch train blend' learns to choose.

    retouch data blend photos -o samples -n 8000

    Called again it goes on where it was stopped.
    """
    from retouch.cli.data_blend_run import make

    make(
        photos,
        out,
        count=count,
        variant=variant,
        holes=holes,
        objects=objects,
        list_file=list_file,
        seed=seed,
        shard=shard,
    )
