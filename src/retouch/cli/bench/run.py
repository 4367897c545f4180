"""`retouch bench run`: a protocol, whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retouch.cli.bench.options import MeasuringOptions, RunningOptions
from retouch.cli.groups import grouped


@grouped
def run(
    protocol: Annotated[
        str | None, typer.Option("--protocol", "-p", help="The protocol; --list shows them.", metavar="NAME")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Photos, laid out as the data set is.", metavar="DIR")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="Models, with commas; NAME?option=value&... sets options.", metavar="A,B"),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the results.", metavar="OUT")] = None,
    holes: Annotated[
        str | None, typer.Option("--holes", help="Some sets of holes only, with commas.", metavar="A,B")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of holes and fills.", min=0)] = 0,
    shard: Annotated[
        str | None, typer.Option("--shard", help="Only the i-th of n shares; `bench merge` joins them.", metavar="I/N")
    ] = None,
    direct: Annotated[
        bool, typer.Option("--direct", help="Models get the whole photo, as in the papers, not windows.")
    ] = False,
    pictures: Annotated[int, typer.Option("--pictures", help="Samples shown per set of holes.", min=0)] = 12,
    show: Annotated[bool, typer.Option("--list", help="List the protocols.")] = False,
    *,
    measuring: MeasuringOptions,
    running: RunningOptions,
) -> None:
    """Compare models as a paper does.

    retouch bench run --protocol val-256 --data photos --model patchmatch,telea -o results

    Called again it goes on where it was stopped; with more models it adds them.
    """
    from retouch.cli.bench.run_words import listing, run_all, words
    from retouch.cli.speak import out as tell

    if show:
        tell(listing())
        return
    if protocol is None or data is None or model is None or out is None:
        raise typer.BadParameter("--protocol, --data, --model and -o are needed, or --list")
    run_all(
        protocol,
        data,
        words(model),
        out,
        jobs=running.jobs,
        overwrite=running.overwrite,
        shard=shard,
        pictures=pictures,
        holes=None if holes is None else words(holes),
        seed=seed,
        direct=direct,
        **measuring.plan(),
    )
