"""`retouch bench study`: blind comparisons by people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

study = typer.Typer(help="Let people compare fills without knowing whose they are.", no_args_is_help=True)


@study.callback()
def _study() -> None:
    """Let people compare fills without knowing whose they are."""


@study.command()
def make(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(help="One folder of fills per method, named as the method.", metavar="FOLDERS..."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="New folder for page and key.", metavar="OUT", show_default=False)
    ] = None,
    photos: Annotated[Path | None, typer.Option("--photos", help="Folder of the photos.", metavar="DIR")] = None,
    masks: Annotated[
        Path | None, typer.Option("--masks", help="Folder of the masks, white = hole.", metavar="DIR")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="Instead: OUT of `bench run`, with its pictures.", metavar="DIR")
    ] = None,
    images: Annotated[int, typer.Option("--images", "-n", help="How many, chosen at random.", min=1)] = 40,
    pairs: Annotated[bool, typer.Option("--pairs", help="Two methods at a time, instead of the best of all.")] = False,
    tie: Annotated[bool, typer.Option("--tie", help='Allow "no difference"; with --pairs.')] = False,
    repeats: Annotated[
        int, typer.Option("--repeats", help="Images shown twice, to see how steady people are; at most all.", min=0)
    ] = 4,
    seed: Annotated[int, typer.Option("--seed", help="Which images are chosen.", min=0)] = 0,
) -> None:
    """Make a page on which people choose, without knowing the methods.

    retouch bench study make fills/lama fills/mat -o study --photos photos --masks masks

    OUT/page is the page: open index.html, or put the folder on any web server. OUT/key.json says which picture is
    whose: keep it to yourself. By default it asks what the user study of the ASUKA paper asks.
    """
    from retouch.cli.bench.study_run import make_page

    if out is None:
        raise typer.BadParameter("-o OUT is needed")
    make_page(
        folders or [], photos, masks, source, out, pairs=pairs, images=images, repeats=repeats, tie=tie, seed=seed
    )


@study.command()
def count(
    answers: Annotated[list[Path], typer.Argument(help="Files that people saved, or folders.", metavar="ANSWERS...")],
    key: Annotated[
        Path | None,
        typer.Option("--key", help="The key; default: key.json beside the first file.", metavar="FILE"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of Markdown.")] = False,
) -> None:
    """Count the answers: shares with 95 % intervals, and how steady people were.

    retouch bench study count answers/ --key study/key.json
    """
    from retouch.cli.bench.study_run import counted
    from retouch.cli.speak import out as tell

    tell(counted(answers, key, as_json=json))
