"""`retouch bench speed`: how fast models are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def speed(
    model: Annotated[
        str, typer.Option("--model", "-m", help="Models, with commas between.", metavar="NAMES", show_default=False)
    ],
    size: Annotated[
        str, typer.Option("--size", help="Sizes in pixels, with commas between.", metavar="SIDE|WIDTHxHEIGHT,...")
    ] = "256,512",
    batch: Annotated[str, typer.Option("--batch", help="Images in one call, with commas between.")] = "1",
    hole: Annotated[float, typer.Option("--hole", help="Share of the image that is hole, up to 0.9.")] = 0.25,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, mps or xpu.", metavar="NAME")] = "auto",
    through: Annotated[
        str, typer.Option("--through", help="What is timed: method alone, or fill with windows and pasting.")
    ] = "method",
    repeats: Annotated[int, typer.Option("--repeats", help="Timed calls.")] = 7,
    warm_up: Annotated[int, typer.Option("--warm-up", help="Calls between the first one and those.")] = 1,
    photo: Annotated[
        Path | None, typer.Option("--photo", help="Fill this one; default noise like photos.", metavar="FILE")
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write every figure there.", metavar="FILE")] = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", help="Write the tables there too.", metavar="FILE")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
) -> None:
    """Time models: loading, first call and steady state apart, beside what the papers report.

    retouch bench speed --model patchmatch,smooth --size 256,640x480

    Every model, size and batch has a fresh process of its own. The exit code is 1 where one of them failed.
    """
    from retouch.cli.bench.speed_run import measure_all

    measure_all(
        model,
        size,
        batch,
        hole=hole,
        device=device,
        through=through,
        repeats=repeats,
        warm_up=warm_up,
        photo=photo,
        json=json,
        markdown=markdown,
        overwrite=overwrite,
    )
