"""`retouch bench report`: a run's results as a page and as Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    run: Annotated[Path, typer.Argument(help="Folder of `bench run`.", metavar="OUT")],
    html: Annotated[
        Path | None, typer.Option("--html", help="The page; default OUT/report.html.", metavar="FILE")
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option("--markdown", help="The tables; default OUT/report.md; - prints them.", metavar="FILE"),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILEs that exist.")] = False,
) -> None:
    """Write a run's report: one HTML page that needs nothing else, and Markdown.

    retouch bench report runs/mine

    With --html or --markdown only what is named is written. The two defaults are replaced when they exist.
    """
    from retouch.cli.bench.report_run import write_reports

    write_reports(run, html, markdown, overwrite=overwrite)
