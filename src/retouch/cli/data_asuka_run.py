"""What `retouch data asuka-latents` does: words to values, the run, what was made."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from retouch.cli.bar import waiting
from retouch.cli.shares import parse_share
from retouch.cli.speak import note, say
from retouch.quiet import without_bars

if TYPE_CHECKING:
    from retouch.methods.asuka.latents_run import Made

SHOWN = 10  # photos whose problem is told


def make(
    photos: Path,
    out: Path,
    *,
    base: str,
    share: float,
    seed: int,
    shard: str | None,
    limit: int | None,
    device: str,
) -> Made:
    """Make the photos and say what was made; errors as `make_latents`, ImportError where an extra is missing."""
    from retouch.methods.base import Progress

    part = parse_share(shard)
    try:
        importlib.import_module("transformers")
        from retouch.methods.asuka.latents_run import make_latents
    except ImportError as error:
        raise ImportError("data asuka-latents needs the extra 'diffusion': pip install 'retouch[diffusion]'") from error
    with without_bars(), waiting("augmenting") as show:
        made = make_latents(
            photos,
            out,
            base=base,
            share=share,
            seed=seed,
            shard=part,
            limit=limit,
            device=device,
            progress=None if show is None else lambda step, steps: show(Progress("augment", step, steps)),
        )
    for name, reason in made.unusable[:SHOWN]:
        note(f"{name} was left out: {reason}")
    if len(made.unusable) > SHOWN:
        note(f"and {len(made.unusable) - SHOWN} more were left out")
    kept = f", {made.kept} were there already" if made.kept else ""
    say(f"retouch: {made.augmented} photos augmented and {made.copied} copied to {out}{kept}")
    return made
