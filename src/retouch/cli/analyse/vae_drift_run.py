"""What `retouch analyse vae-drift` does: checks, the run, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import typer

from retouch.cli.bar import waiting
from retouch.cli.speak import note, say
from retouch.data.items import Item
from retouch.data.square import centre_square
from retouch.data.training.decode import upright
from retouch.data.training.unusable import Unusable, told
from retouch.files.listing import listed
from retouch.methods.asuka.drift import drift
from retouch.methods.asuka.drift_page import check_out, write

if TYPE_CHECKING:
    from retouch.methods.asuka.drift import RoundTrip
    from retouch.methods.base import Images

MULTIPLE = 8


def analyse(
    photos: Path, vae: Path, out: Path, *, passes: int, size: int, limit: int, device: str, overwrite: bool
) -> None:
    """Measure, write the files and say the ends; errors as the functions of the analysis."""
    from retouch.methods.base import Progress

    if size % MULTIPLE:
        raise ValueError(f"--size: is {size}; accepted: multiples of {MULTIPLE}")
    if not vae.exists():
        raise FileNotFoundError(f"--vae: {vae} does not exist; accepted: a folder of diffusers, or an export's .json")
    check_out(out, overwrite=overwrite)
    images, unusable = _read(photos, size, limit)
    round_trip = _load(vae, device)
    with waiting("encoding and decoding") as show:
        found = drift(
            images,
            round_trip,
            passes,
            progress=None if show is None else lambda step, steps: show(Progress("photo", step, steps)),
        )
    facts = (
        ("autoencoder", str(vae)),
        ("photos", f"{len(images)}, centre squares at {size} x {size} pixels"),
        ("passes", f"{passes}, clamped to [0, 1] in between, not rounded"),
    )
    page = write(found, facts, out, overwrite=overwrite)
    first, last = found.passes[0], found.passes[-1]
    turned = f"hue off by {first.hue:.2f} degrees after 1 pass, {last.hue:.2f} after {passes}"
    say(f"retouch: {turned}; error {first.error:.2f} and {last.error:.2f} levels; look at {page}")
    if unusable:
        note(told(unusable))
        raise typer.Exit(1)


def _load(vae: Path, device: str) -> RoundTrip:
    from importlib.util import find_spec

    for module in ("torch", "diffusers"):
        if find_spec(module) is None:
            raise ImportError("an autoencoder needs the extra 'diffusion': pip install 'retouch[diffusion]'")
    from retouch.methods.asuka.drift_vae import load_round_trip

    return load_round_trip(vae, device)


def _read(photos: Path, size: int, limit: int) -> tuple[list[Images], tuple[Unusable, ...]]:
    """At most `limit` photos, evenly spread in natural order of names, as squares [size, size, 3]."""
    found = listed(photos, "photos", recursive=True)
    taken = min(limit, len(found.files))
    images: list[Images] = []
    unusable: list[Unusable] = []
    for k in range(taken):
        path = found.files[k * len(found.files) // taken]
        try:
            square = centre_square(upright(Item(k, found.key(path), Path(path))), size)
        except (OSError, ValueError) as error:
            unusable.append(Unusable(path.name, str(error)))
        else:
            images.append(np.asarray(square, np.float32) / np.float32(255))  # [size, size, 3]
    if not images:
        raise ValueError(f"photos: none of {taken} can be used; the first: {unusable[0].reason}")
    return images, tuple(unusable)
