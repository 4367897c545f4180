"""`retouch train`: train a method on photos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train(
    method: Annotated[
        str | None, typer.Argument(help="What to train; --list shows it.", metavar="METHOD", show_default=False)
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", help="Folder of photos or of WebDataset shards; may be repeated.", metavar="DIR"),
    ] = None,
    val: Annotated[
        list[Path] | None, typer.Option("--val", help="Held-out photos, to validate.", metavar="DIR")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for checkpoints, logs and samples.", metavar="DIR")
    ] = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Training steps in all.")] = None,
    batch: Annotated[int | None, typer.Option("--batch", help="Samples of a step, over all processes.")] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Weights to start from: an export's card; for pixelhacker also a release.",
            metavar="NAME",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings: TOML, or the config.json of a run.", metavar="FILE")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting, such as train.precision=bf16; may be repeated.", metavar="A.B=C"),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option("--weights", help="Folder of VGG16 and LPIPS; default RETOUCH_WEIGHTS.", metavar="DIR"),
    ] = None,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Write for TensorBoard too.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print parameters, memory and the plan; write nothing.")
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option("--export", help="At the end, write the weights beside this card.", metavar="CARD.json"),
    ] = None,
    licence: Annotated[
        str | None, typer.Option("--licence", help="Of the exported weights; goes into the card.", metavar="TEXT")
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="List what can be trained.")] = False,
) -> None:
    """Train a method on photos.

    retouch train unet --data photos --val held-out --out runs/unet --steps 2000

    Called again it goes on where it was stopped or killed. Ctrl-C ends it with a checkpoint. Start it with torchrun to
    train on several devices or machines.
    """
    from retouch.cli.speak import out as tell
    from retouch.cli.train_run import Words, dry, listing, run

    if show:
        tell(listing())
        return
    if method is None:
        raise typer.BadParameter("METHOD is needed, or --list")
    words = Words(
        method=method,
        config=config,
        changes=tuple(changes or ()),
        data=tuple(data or ()),
        val=tuple(val or ()),
        out=out,
        steps=steps,
        batch=batch,
        start=start,
        weights=weights,
        tensorboard=tensorboard,
    )
    if dry_run:
        tell(dry(words))
        return
    code = run(words, export, licence)
    if code:
        raise typer.Exit(code)
