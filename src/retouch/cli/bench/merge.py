"""`retouch bench merge`: one run that several machines have shared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def merge(
    folders: Annotated[list[Path], typer.Argument(help="Folders that `bench run` wrote.", metavar="OUT1 OUT2...")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the whole.", metavar="OUT")],
    pictures: Annotated[int, typer.Option("--pictures", help="Samples shown per set of holes.", min=0)] = 12,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Delete a run in OUT.")] = False,
) -> None:
    """Put the parts of a run together, made with --shard or with other models.

    retouch bench merge part1 part2 -o results
    """
    from retouch.bench.run import merge as join
    from retouch.cli.bar import waiting
    from retouch.cli.bench.run_words import tell_results
    from retouch.cli.speak import note

    with waiting("joining"):
        results = join(folders, out, overwrite=overwrite, pictures=pictures)
    if pictures and not results.pictures:
        note("there are no pictures: photos or models of the run are not on this machine")
    tell_results(results, out)
