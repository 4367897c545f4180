"""`retouch models`: what can fill."""

from __future__ import annotations

from typing import Annotated

import typer


def models(
    name: Annotated[str | None, typer.Argument(help="Show this one in full.", metavar="NAME")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False,
) -> None:
    """List the models, or show one in full."""
    from retouch import catalogue
    from retouch.cli.model_words import as_json, card, table
    from retouch.cli.speak import out

    cards = catalogue.models() if name is None else (catalogue.find(name),)
    if json:
        out(as_json(cards, name is not None))
    elif name is None:
        out(table(cards))
    else:
        out(card(cards[0]))
