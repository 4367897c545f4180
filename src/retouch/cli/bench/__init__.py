"""`retouch bench`: compare models as the papers do. One file a command."""

from __future__ import annotations

import typer

from retouch.cli.bench.merge import merge
from retouch.cli.bench.quick import quick
from retouch.cli.bench.report import report
from retouch.cli.bench.run import run
from retouch.cli.bench.speed import speed
from retouch.cli.bench.study import study

bench = typer.Typer(help="Compare models as the papers do.", no_args_is_help=True)


@bench.callback()
def _bench() -> None:
    """Compare models as the papers do."""


bench.command()(run)
bench.command()(merge)
bench.command()(report)
bench.command()(quick)
bench.command()(speed)
bench.add_typer(study, name="study")
