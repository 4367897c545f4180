"""`retouch analyse gaussian-semantics`: Fig. 3 of the 2D Gaussian splatting paper."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def gaussian_semantics(
    photos: Annotated[Path, typer.Option("--photos", help="Folder of photos, ten or more.", metavar="DIR")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for page, table and plots.", metavar="OUT")],
    model: Annotated[
        Path | None,
        typer.Option(
            "--model", "-m", help="Export of `retouch train gaussian`; adds what it maps.", metavar="CARD.json"
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder", help="Without a model: dinov2 (default), vgg16 or efficientnet-lite.", metavar="NAME"
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option("--weights", help="Folder of the encoder's weights; default RETOUCH_WEIGHTS.", metavar="DIR"),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="Photos at most, evenly spread; 10 or more.")] = 500,
    seed: Annotated[int, typer.Option("--seed", help="Of holes and t-SNE.", min=0)] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier analysis in OUT.")] = False,
) -> None:
    """Measure how far holes move a photo's semantic token, and how far a trained model's adaptation brings it back.

    retouch analyse gaussian-semantics --photos held-out --model 2dgs.json -o tokens

    OUT gets index.html with everything, similarity.csv, similarity.svg and tsne.svg.
    """
    from retouch.methods.gaussian.analyse.statistics import check_installed

    check_installed()  # what comes next imports PyTorch
    from retouch.cli.analyse.gaussian_semantics_run import analyse

    analyse(photos, out, model=model, encoder=encoder, weights=weights, limit=limit, seed=seed, overwrite=overwrite)
