"""The options that `bench run` and `bench quick` share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer


@dataclass(frozen=True)
class MeasuringOptions:
    """Which photos and shapes, and how they are measured."""

    limit: Annotated[int | None, typer.Option("--limit", help="The first so many photos only.", min=1)] = None
    objects: Annotated[
        Path | None,
        typer.Option("--objects", help="Object shapes: a folder of PNGs, or a COCO or panoptic JSON.", metavar="DIR"),
    ] = None
    weights: Annotated[
        Path | None,
        typer.Option("--weights", help="Folder of the metrics' weights; default RETOUCH_WEIGHTS.", metavar="DIR"),
    ] = None
    extractor: Annotated[
        str | None, typer.Option("--extractor", help="Features of FID and its kin; default the protocol's.")
    ] = None
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, mps or xpu.", metavar="NAME")] = "auto"

    def plan(self) -> dict[str, Any]:
        """As `make_plan` and `quick_plan` take them."""
        return dict(vars(self))


@dataclass(frozen=True)
class RunningOptions:
    """How the work is done."""

    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Processes.", min=1)] = 1
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Delete a run of other settings in OUT.")] = False
