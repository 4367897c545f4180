"""`retouch convert`: released weights as safetensors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def convert(
    files: Annotated[
        list[Path], typer.Argument(help="PixelHacker's networks and VAE (.bin), as released.", metavar="FILE...")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="A .safetensors file, or a folder.", metavar="OUT")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace results that exist.")] = False,
) -> None:
    """Convert PixelHacker's released weights to safetensors, checking every name and shape; no code in them is run.

    retouch convert PixelHacker/*/*.bin -o weights/pixelhacker

    Converted are the diffusion_pytorch_model.bin of pretrained, ft_places2, ft_celebahq, ft_ffhq and vae (with its
    config.json beside it) of hustvl/PixelHacker. Other models need none: what was released of them is read as it is.

    In a folder, results keep the name of their file and the folder it is in; with weights named by RETOUCH_WEIGHTS, the
    models above are found.
    """
    from retouch.cli.convert_run import convert_all

    convert_all(files, out, overwrite)
