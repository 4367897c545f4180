"""The quick comparison: val-256 on photos that ship with the package, with all that is installed and no download."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from retouch.bench.run.plan import Plan, make_plan
from retouch.catalogue import models as cards

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

PROTOCOL = "val-256"
SHIPPED = Path(__file__).parents[1] / "quick_photos"


def quick_plan(
    photos: str | os.PathLike[str] | None = None,
    *,
    objects: str | os.PathLike[str] | None = None,
    models: Sequence[str] | None = None,
    limit: int | None = None,
    weights: str | os.PathLike[str] | None = None,
    extractor: str | None = None,
    device: str = "auto",
) -> Plan:
    """A run of val-256, whose holes and seed never change.

    Args:
        photos: a folder; None: nine photos of the package.
        objects: a folder of shapes or an annotation file; None: nine shapes of the package.
        models: None: all that are installed, need no download and run on `device`.
        limit, weights, extractor, device: as for `make_plan`.

    Raises:
        FileNotFoundError, ValueError, ImportError: as `make_plan`.
    """
    if models is None:
        here = (card for card in cards() if card.installed and not card.size_mb)
        models = [card.name for card in here if device in ("auto", *card.devices)]
    return make_plan(
        PROTOCOL,
        SHIPPED / "photos" if photos is None else photos,
        models,
        objects=SHIPPED / "shapes" if objects is None else objects,
        limit=limit,
        weights=weights,
        extractor=extractor,
        device=device,
    )
