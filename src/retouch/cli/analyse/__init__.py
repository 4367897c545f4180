"""`retouch analyse`: look into what methods are made of. One file a command."""

from __future__ import annotations

import typer

from retouch.cli.analyse.gaussian_semantics import gaussian_semantics
from retouch.cli.analyse.vae_drift import vae_drift

analyse = typer.Typer(help="Look into what methods are made of.", no_args_is_help=True)


@analyse.callback()
def _analyse() -> None:
    """Look into what methods are made of."""


analyse.command("gaussian-semantics")(gaussian_semantics)
analyse.command("vae-drift")(vae_drift)
