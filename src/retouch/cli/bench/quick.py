"""`retouch bench quick`: every model on a few photos, in minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def quick(
    photos: Annotated[
        Path | None, typer.Option("--photos", help="Folder of photos; default nine of the package.", metavar="DIR")
    ] = None,
    objects: Annotated[
        Path | None,
        typer.Option("--objects", help="Object shapes; default nine of the package.", metavar="DIR"),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Models, with commas; default all installed.", metavar="A,B")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", help="The first so many photos only.", min=1)] = None,
    weights: Annotated[
        Path | None,
        typer.Option("--weights", help="Folder of the metrics' weights; default RETOUCH_WEIGHTS.", metavar="DIR"),
    ] = None,
    extractor: Annotated[
        str | None, typer.Option("--extractor", help="Features of FID and its kin; default the protocol's.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Processes.", min=1)] = 1,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, mps or xpu.", metavar="NAME")] = "auto",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Keep results and pictures there.", metavar="OUT")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Delete a run of other settings in OUT.")] = False,
) -> None:
    """Compare all models on a few photos: object holes at 256 x 256 pixels, with time and memory. No download.

    retouch bench quick
    """
    from retouch.cli.bench.run_words import quick_all, words

    quick_all(
        photos,
        out,
        jobs=jobs,
        overwrite=overwrite,
        objects=objects,
        models=None if model is None else words(model),
        limit=limit,
        weights=weights,
        extractor=extractor,
        device=device,
    )
