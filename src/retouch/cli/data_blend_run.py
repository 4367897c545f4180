"""What `retouch data blend` does: words to values, the run, what was made."""

from __future__ import annotations

from pathlib import Path

from retouch.cli.bar import waiting
from retouch.cli.shares import parse_share
from retouch.cli.speak import say
from retouch.data.training.photos import photos_in
from retouch.data.training.settings import SampleSettings
from retouch.methods.base import Progress
from retouch.methods.blend.config import HOLES, SCALE, VARIANTS
from retouch.methods.blend.make import make_samples


def make(
    photos: Path,
    out: Path,
    *,
    count: int,
    variant: str,
    holes: str | None,
    objects: Path | None,
    list_file: Path | None,
    seed: int,
    shard: str | None,
) -> None:
    """Make the samples and say what was made; errors as `photos_in` and `make_samples`."""
    if variant not in VARIANTS:
        raise ValueError(f"--variant: is {variant!r}; accepted: {', '.join(VARIANTS)}")
    config, part = VARIANTS[variant], parse_share(shard)
    samples = SampleSettings(
        size=config.size,
        scale=SCALE,
        holes=HOLES if holes is None else holes,
        objects=None if objects is None else str(objects),
    )
    with waiting("filling") as show:
        made = make_samples(
            photos_in(photos, list_file),
            out,
            patches=config.network.patches,
            samples=samples,
            count=count,
            seed=seed,
            shard=part,
            progress=None if show is None else lambda step, steps: show(Progress("fill", step, steps)),
        )
    kept = f", {made.kept} were there already" if made.kept else ""
    say(f"retouch: {made.written} samples written to {out}{kept}")
