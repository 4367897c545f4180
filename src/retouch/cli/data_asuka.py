"""`retouch data asuka-latents`: latent-augmented photos for training ASUKA's decoder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def asuka_latents(
    photos: Annotated[Path, typer.Argument(help="Folder of photos, or shards.", metavar="PHOTOS")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for what lies beside them.", metavar="OUT")],
    base: Annotated[
        str,
        typer.Option("--base", help="Inpainting model: a folder of diffusers, or its name on the hub.", metavar="NAME"),
    ],
    share: Annotated[
        float, typer.Option("--share", help="Of the photos that are augmented; others are copied.", min=0, max=1)
    ] = 0.5,
    seed: Annotated[int, typer.Option("--seed", help="With a photo's name it settles all.", min=0)] = 0,
    shard: Annotated[
        str | None, typer.Option("--shard", help="Only the i-th of n shares, for several machines.", metavar="I/N")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", help="Only so many photos.", min=1)] = None,
    device: Annotated[str, typer.Option("--device", help="Where the model runs.", metavar="NAME")] = "auto",
) -> None:
    """Make a denoiser's one-step estimates of photos, which ASUKA's decoder is trained to harmonise (Eq. 1).

    retouch data asuka-latents places -o places-latents --base models/sd-inpainting

    OUT gets a photo of every one's name and size. Called again it goes on where it was stopped.
    """
    from retouch.cli.data_asuka_run import make

    made = make(photos, out, base=base, share=share, seed=seed, shard=shard, limit=limit, device=device)
    if made.unusable:
        raise typer.Exit(1)
