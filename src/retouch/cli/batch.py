"""`retouch batch`: many photos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from retouch.cli.groups import grouped
from retouch.cli.options import FillOptions, HoleOptions, ReadingOptions, WritingOptions

RUN = "How the run goes"


def _option(*names: str, text: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=RUN, **more)


@dataclass(frozen=True)
class RunOptions:
    """How a batch runs."""

    jobs: Annotated[int, _option("--jobs", "-j", text="Processes; each loads the model once.", min=1)] = 1
    recursive: Annotated[bool, _option("--recursive", "-r", text="Search subfolders too.")] = False
    shard: Annotated[
        str | None, _option("--shard", text="Only the i-th of n shares, for several machines.", metavar="I/N")
    ] = None
    dry_run: Annotated[bool, _option("--dry-run", text="Only print what would be done.")] = False
    report: Annotated[
        Path | None, _option("--report", text="What became of every photo, as CSV or JSON.", metavar="FILE")
    ] = None


@grouped
def batch(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="PHOTOS MASKS OUT: folders, quoted globs or files; or a CSV and OUT; or PHOTOS OUT where options mark "
            "the hole.",
            metavar="PHOTOS MASKS OUT",
            show_default=False,
        ),
    ],
    *,
    filling: FillOptions,
    hole: HoleOptions,
    reading: ReadingOptions,
    writing: WritingOptions,
    running: RunOptions,
) -> None:
    """Fill many photos into a folder.

    retouch batch photos masks out --jobs 4

    A photo and its mask have the same name, or the mask is called name.mask.png or name_mask.png; one mask file serves
    all photos. Results that exist are skipped, so a run that was stopped goes on where it was.
    """
    from retouch.cli.batch_run import batch_run

    batch_run(paths, filling, hole.marks(), reading, writing, running)
