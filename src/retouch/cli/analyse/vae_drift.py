"""`retouch analyse vae-drift`: Fig. 5 of the ASUKA paper."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def vae_drift(
    photos: Annotated[Path, typer.Option("--photos", help="Folder of photos.", metavar="DIR")],
    vae: Annotated[
        Path,
        typer.Option(
            "--vae", help="Folder of diffusers' AutoencoderKL, or an export of asuka-vae or -decoder.", metavar="VAE"
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for page, table and picture.", metavar="OUT")],
    passes: Annotated[int, typer.Option("--passes", help="How often each is encoded and decoded.", min=1)] = 10,
    size: Annotated[int, typer.Option("--size", help="Side of the centre squares; a multiple of 8.", min=64)] = 256,
    limit: Annotated[int, typer.Option("--limit", "-n", help="Photos at most, evenly spread.", min=1)] = 20,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, mps or xpu.", metavar="NAME")] = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier analysis in OUT.")] = False,
) -> None:
    """Measure what an autoencoder loses: turn of the hue for each pass, and error by frequency.

    retouch analyse vae-drift --photos held-out --vae stable-diffusion/vae -o drift

    OUT gets index.html with both plots, drift.csv, and passes.png with what becomes of the first photo.
    """
    from retouch.cli.analyse.vae_drift_run import analyse

    analyse(photos, vae, out, passes=passes, size=size, limit=limit, device=device, overwrite=overwrite)
