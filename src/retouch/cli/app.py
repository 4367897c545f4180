"""The commands, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from retouch.cli.analyse import analyse
from retouch.cli.batch import batch
from retouch.cli.bench import bench
from retouch.cli.convert import convert
from retouch.cli.data import data
from retouch.cli.fill import fill
from retouch.cli.harmonise import harmonise
from retouch.cli.holes import holes
from retouch.cli.mask import mask
from retouch.cli.models import models
from retouch.cli.pull import pull
from retouch.cli.speak import out
from retouch.cli.train import train

app = typer.Typer(
    name="retouch",
    help="Fill holes in photographs: a photo and a mask go in, the same photo without the hole comes out.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(fill)
app.command()(batch)
app.command()(mask)
app.command()(models)
app.command()(pull)
app.command()(convert)
app.command()(harmonise)
app.command()(holes)
app.command()(train)
app.add_typer(data, name="data")
app.add_typer(bench, name="bench")
app.add_typer(analyse, name="analyse")


def _version(wanted: bool) -> None:
    if wanted:
        from retouch import __version__

        out(f"retouch {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback with an error; may stand anywhere.")] = False,
) -> None:
    """Fill holes in photographs: a photo and a mask go in, the same photo without the hole comes out."""
