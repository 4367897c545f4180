"""What `retouch data pixelhacker-latents` does: words to settings, the run, what was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retouch.cli.bar import waiting
from retouch.cli.shares import parse_share
from retouch.cli.speak import note, say
from retouch.train.catalogue import check_installed, find_trainable
from retouch.train.reading import read_settings

if TYPE_CHECKING:
    from pathlib import Path


def make(
    photos: tuple[Path, ...],
    out: Path,
    samples: int | None,
    config: Path | None,
    changes: tuple[str, ...],
    per_shard: int,
    shard: str | None,
) -> None:
    """Encode the samples and say what was made; errors as `read_settings`, `fetch_vae` and `make_latents`."""
    from retouch.methods.base import Progress

    method = find_trainable("pixelhacker")
    check_installed(method)
    share = parse_share(shard)
    given = {"data.photos": photos, "train.out": out, "train.steps": 1}  # a run's settings need the last two
    settings = read_settings(method, config, changes, given)
    if settings.method.space != "latent":
        raise ValueError(
            f"method.space: is {settings.method.space!r}, of variant {settings.variant!r}; accepted: 'latent', such as "
            "--set variant=paper"
        )

    from retouch.data.lcg.loader import PairLoader
    from retouch.data.training.loader import Loader
    from retouch.data.training.unusable import told
    from retouch.methods.pixelhacker.latents import make_latents
    from retouch.methods.pixelhacker.release import fetch_vae, load_vae
    from retouch.methods.torch_method import find_device
    from retouch.ops.codec import TILE, Vae
    from retouch.train.beside import BesideLoader
    from retouch.train.sources import open_source

    device = find_device(settings.train.device)
    source = open_source(settings.data, settings.train.workers)
    if not isinstance(source, (Loader, PairLoader)) or isinstance(source, BesideLoader):
        raise ValueError("DATA: has other pictures beside its photos; accepted: photos alone, or pairs of 'data lcg'")
    vae = Vae(load_vae(*fetch_vae()).to(device), tile=TILE)
    with waiting("encoding") as show:
        made, kept = make_latents(
            source,
            vae,
            out,
            seed=settings.train.seed,
            samples=samples,
            per_shard=per_shard,
            share=share,
            progress=None if show is None else lambda step, steps: show(Progress("encode", step, steps)),
        )
    if source.unusable:
        note(told(source.unusable.values()))
    there = f", {kept} shards were there already" if kept else ""
    say(f"retouch: {made} samples encoded in {out}{there}")
