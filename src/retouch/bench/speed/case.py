"""What is to be measured, checked before anything runs."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from pydantic import BaseModel, ConfigDict

from retouch.bench.entrants import entrant, entrants

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retouch.catalogue import Card

Through = Literal["method", "fill"]

LEAST_SIDE = 16
MOST_HOLE = 0.9


class Case(BaseModel):
    """One measurement.

    Attributes:
        model: name of an entrant: of a card, with options if wanted.
        device: as asked for; "auto" leaves it to the model.
        width, height: of the images, in pixels.
        batch: images in one call.
        hole: share of the image that the hole covers: one box in its middle.
        through: "method": the method alone; "fill": all of `Filler.run`, with windows and pasting.
        repeats: timed calls of the steady state.
        warm_up: calls between the first one and those, not reported.
        photo: file that the images are made from; None: noise with the spectrum of photos.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    device: str = "auto"
    width: int
    height: int
    batch: int = 1
    hole: float = 0.25
    through: Through = "method"
    repeats: int = 7
    warm_up: int = 1
    photo: str | None = None


def cases(
    models: Sequence[str],
    sizes: Sequence[tuple[int, int]],
    *,
    batches: Sequence[int] = (1,),
    hole: float = 0.25,
    device: str = "auto",
    through: Through = "method",
    repeats: int = 7,
    warm_up: int = 1,
    photo: Path | None = None,
) -> tuple[Case, ...]:
    """One case for every model, size and batch, all checked; repetitions in a list count once.

    Args:
        models: as `retouch.bench.entrants` reads them.
        sizes: (height, width) in pixels.
        Others: as the fields of Case.

    Raises:
        ValueError: an unknown model or device, or a value outside its range; the message names it.
        ImportError: a model's extra is not installed.
        FileNotFoundError: there is no such photo.
    """
    _check("batch", min(batches, default=0), 1)
    _check("repeats", repeats, 1)
    _check("warm-up", warm_up, 0)
    if not 0 < hole <= MOST_HOLE:
        raise ValueError(f"hole: is {hole:g}; accepted: a share above 0 and up to {MOST_HOLE:g}")
    if through not in get_args(Through):
        raise ValueError(f"through: is {through!r}; accepted: method, fill")
    if through == "fill" and max(batches) > 1:
        raise ValueError(f"batch: is {max(batches)}; accepted through fill: 1, it takes one photo at a time")
    if photo is not None and not photo.is_file():
        raise FileNotFoundError(f"photo: there is no file {str(photo)!r}")
    if not models or not sizes:
        raise ValueError(f"{'size' if models else 'model'}: none is given; accepted: one or more")
    names = entrants(models, device, direct=through == "method")
    if device not in ("auto", "cpu") and not _available(device):
        raise ValueError(f"device: this machine has no {device!r} that PyTorch can use; accepted here: auto, cpu")
    for name, size in itertools.product(names, sizes):
        _check_size(entrant(name).card, size, through)
    return tuple(
        Case(
            model=name,
            device=device,
            width=width,
            height=height,
            batch=batch,
            hole=hole,
            through=through,
            repeats=repeats,
            warm_up=warm_up,
            photo=None if photo is None else str(photo),
        )
        for name in names
        for height, width in dict.fromkeys(sizes)
        for batch in dict.fromkeys(batches)
    )


def _check(name: str, value: int, least: int) -> None:
    if value < least:
        raise ValueError(f"{name}: is {value}; accepted: {least} or more")


def _check_size(card: Card, size: tuple[int, int], through: Through) -> None:
    """Refuse what the method does not take; through fill, windows are padded up to what it takes."""
    height, width = size
    needs = card.needs
    smallest = LEAST_SIDE if through == "fill" else max(LEAST_SIDE, needs.smallest)
    if min(size) < smallest:
        raise ValueError(f"size: is {width}x{height}; accepted for model {card.name!r}: sides from {smallest} pixels")
    if through == "method" and (height % needs.multiple or width % needs.multiple):
        raise ValueError(
            f"size: is {width}x{height}; accepted for model {card.name!r}: multiples of {needs.multiple} pixels"
        )


def _available(device: str) -> bool:
    """Whether an accelerator can be used. PyTorch is imported for this only where one is asked for by name."""
    import torch

    backend = torch.backends.mps if device == "mps" else getattr(torch, device)
    return bool(backend.is_available())
