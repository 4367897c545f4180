"""`retouch data lcg`: pairs of photo and mask for training PixelHacker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def lcg(
    photos: Annotated[Path, typer.Argument(help="Folder of photos.", metavar="PHOTOS")],
    out: Annotated[Path, typer.Argument(help="Folder for the pairs and the page.", metavar="OUT")],
    annotations: Annotated[
        Path | None,
        typer.Option("--annotations", help="COCO, COCONut or Objects365 JSON: panoptic or instances.", metavar="FILE"),
    ] = None,
    pngs: Annotated[
        Path | None,
        typer.Option("--pngs", help="PNGs of a panoptic file; default the folder beside it.", metavar="DIR"),
    ] = None,
    sam: Annotated[
        Path | None, typer.Option("--sam", help="Folder of a SAM model; default regions of colour.", metavar="DIR")
    ] = None,
    clip: Annotated[
        Path | None, typer.Option("--clip", help="Folder of a CLIP model; default guesses by colour.", metavar="DIR")
    ] = None,
    alpha_clip: Annotated[
        Path | None, typer.Option("--alpha-clip", help="AlphaCLIP weights for that CLIP model.", metavar="FILE")
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", help="Where the models run; default cpu.", metavar="NAME")
    ] = None,
    area: Annotated[
        str, typer.Option("--area", help="Share of the photo that masks cover.", metavar="LOW-HIGH")
    ] = ".01-.8",
    overlap: Annotated[
        float | None, typer.Option("--overlap", help="Proposals that overlap more are one; default 0.7.", min=0, max=1)
    ] = None,
    score: Annotated[
        float | None, typer.Option("--score", help="Least probability of a category; default 0.5.", min=0, max=1)
    ] = None,
    per_shard: Annotated[int, typer.Option("--per-shard", help="Photos of a shard.", min=1)] = 500,
    shard: Annotated[
        str | None, typer.Option("--shard", help="Only the i-th of n shares, for several machines.", metavar="I/N")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first annotation or photo that cannot be used.")
    ] = False,
) -> None:
    """Make PixelHacker's training pairs: photos with masks that are foreground or background.

    retouch data lcg train2017 pairs --annotations panoptic_train2017.json

    OUT gets shards of JSON lines and page.html to judge them by. Called again it goes on where it was stopped. Without
    annotations a segmenter finds masks and a scorer names them. What is damaged is left out, told, and named in the
    photos-*.json beside the shards; the exit code is then 1.
    """
    from retouch.cli.data_lcg_run import make

    made = make(
        photos,
        out,
        annotations=annotations,
        pngs=pngs,
        sam=sam,
        clip=clip,
        alpha_clip=alpha_clip,
        device=device,
        area=area,
        overlap=overlap,
        score=score,
        per_shard=per_shard,
        shard=shard,
        strict=strict,
    )
    if made.told.problems:
        raise typer.Exit(1)
