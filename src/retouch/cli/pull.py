"""`retouch pull`: get a model's weights."""

from __future__ import annotations

from typing import Annotated

import typer


def pull(
    name: Annotated[str, typer.Argument(help="The model; retouch models lists them.", metavar="NAME")],
) -> None:
    """Get a model's weights once, so that it runs without a network afterwards.

    retouch pull pixelhacker/pretrained

    They are looked for in the cache and in the folders of RETOUCH_WEIGHTS first, then fetched from the hub, and
    converted into the cache. Called again it goes on where it was stopped.
    """
    from retouch import catalogue
    from retouch.cli.speak import out, say

    card = catalogue.find(name)
    if not (files := catalogue.pull(card)):
        say(f"retouch: model {card.name!r} has nothing to get")
    for file in files:
        out(str(file))
