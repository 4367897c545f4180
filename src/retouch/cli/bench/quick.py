"""`retouch bench quick`: every model on a few photos, in minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retouch.cli.bench.options import MeasuringOptions, RunningOptions
from retouch.cli.groups import grouped


@grouped
def quick(
    photos: Annotated[
        Path | None, typer.Option("--photos", help="Folder of photos; default nine of the package.", metavar="DIR")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="Models, with commas, as for run; default all installed.", metavar="A,B"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Keep results and pictures there.", metavar="OUT")
    ] = None,
    *,
    measuring: MeasuringOptions,
    running: RunningOptions,
) -> None:
    """Compare all models on a few photos: object holes at 256 x 256 pixels, with time and memory. No download.

    retouch bench quick

    Without --objects the holes have nine shapes of the package.
    """
    from retouch.cli.bench.run_words import quick_all, words

    models = None if model is None else words(model)
    quick_all(photos, out, jobs=running.jobs, overwrite=running.overwrite, models=models, **measuring.plan())
