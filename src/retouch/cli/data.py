"""`retouch data`: test sets and training data of one's own photos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retouch.cli.data_asuka import asuka_latents
from retouch.cli.data_blend import blend
from retouch.cli.data_lcg import lcg
from retouch.cli.data_pixelhacker import pixelhacker_latents

data = typer.Typer(help="Build test sets and training data.", no_args_is_help=True)
data.command()(lcg)
data.command("asuka-latents")(asuka_latents)
data.command("pixelhacker-latents")(pixelhacker_latents)
data.command()(blend)


@data.callback()
def _data() -> None:
    """Build test sets and training data."""


@data.command()
def misato(
    photos: Annotated[Path, typer.Argument(help="Folder of photos; subfolders are categories.", metavar="PHOTOS")],
    out: Annotated[Path, typer.Argument(help="Folder for SIZE/image and SIZE/mask.", metavar="OUT")],
    size: Annotated[int, typer.Option("--size", help="Side in pixels.", min=16)] = 512,
    seed: Annotated[int, typer.Option("--seed", help="Mask k depends on it and on k only.", min=0)] = 0,
    per_category: Annotated[
        int | None,
        typer.Option("--per-category", help="Photos of each category, at random; default all.", min=1),
    ] = None,
    objects: Annotated[
        Path | None,
        typer.Option("--objects", help="Object shapes: a folder of PNGs, or a COCO or panoptic JSON.", metavar="DIR"),
    ] = None,
    foreground: Annotated[
        Path | None,
        typer.Option("--foreground", help="PNGs named as photos, white on what is never hole.", metavar="DIR"),
    ] = None,
) -> None:
    """Build a test set as MISATO was built: centre squares, holes of 20 to 80 % without rectangles.

    retouch data misato photos testset --per-category 500

    Called again it goes on where it was stopped.
    """
    from retouch.cli.bar import waiting
    from retouch.cli.speak import note, say
    from retouch.data import make_misato
    from retouch.methods.base import Progress

    with waiting("building") as show:
        done = make_misato(
            photos,
            out,
            size=size,
            seed=seed,
            per_category=per_category,
            objects=objects,
            foreground=foreground,
            progress=None if show is None else lambda step, steps: show(Progress("build", step, steps)),
        )
    if objects is None:
        note("the object shapes are made-up blobs; --objects takes a folder of real ones")
    for name, reason in done.unusable:
        note(f"{name} was left out: {reason}")
    kept = f", {done.kept} were there already" if done.kept else ""
    say(f"retouch: {done.made} photos with masks written to {done.folder}{kept}")
    if done.unusable:
        raise typer.Exit(1)
