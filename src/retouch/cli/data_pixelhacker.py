"""`retouch data pixelhacker-latents`: samples encoded before PixelHacker is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def pixelhacker_latents(
    photos: Annotated[list[Path], typer.Argument(help="As --data of train: photos, or pairs.", metavar="DATA...")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the encoded samples.", metavar="OUT")],
    samples: Annotated[
        int | None, typer.Option("--samples", help="How many; default one of each photo or pair.", min=1)
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings, as of train.", metavar="FILE")
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="One setting, as of train; may be repeated.", metavar="A.B=C")
    ] = None,
    per_shard: Annotated[int, typer.Option("--per-shard", help="Samples of a shard.", min=1)] = 256,
    shard: Annotated[
        str | None, typer.Option("--shard", help="Only the i-th of n shares, for several machines.", metavar="I/N")
    ] = None,
) -> None:
    """Encode training samples once, so that PixelHacker's training steps do without the VAE.

    retouch data pixelhacker-latents pairs -o latents --samples 20000 --set variant=paper

    retouch train pixelhacker --data latents --set variant=paper --out runs/own

    The samples, with their crops and holes, are the first ones of the run that has the same settings; training then
    repeats these. Called again it goes on where it was stopped.
    """
    from retouch.cli.data_pixelhacker_run import make

    make(tuple(photos), out, samples, config, tuple(changes or ()), per_shard, shard)
