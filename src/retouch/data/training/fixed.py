"""A validation set: the same photos and holes every time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retouch.data.square import centre_square
from retouch.data.training.decode import upright
from retouch.data.training.mixture import draw_hole, holes_from
from retouch.data.training.samples import Drawn
from retouch.data.training.unusable import Unusable
from retouch.holes.check import checked_count
from retouch.holes.recipes import item_rng

if TYPE_CHECKING:
    import os

    from retouch.data.training.photos import Photos


@dataclass(frozen=True, eq=False)
class Fixed:
    """Samples for validation, and the photos that could not be used."""

    samples: tuple[Drawn, ...]
    unusable: tuple[Unusable, ...]


def fixed_samples(
    photos: Photos,
    *,
    size: int = 256,
    holes: str = "mat-256-large",
    objects: str | os.PathLike[str] | None = None,
    limit: int | None = None,
    seed: int = 0,
) -> Fixed:
    """Centre squares of photos, each with the hole that `retouch.bench` protocols give it: that of (seed, its place).

    Args:
        photos: of the validation set; weights are not looked at.
        size: side in pixels.
        holes: a recipe, or a mixture as in `SampleSettings`.
        objects: shapes for recipes that take some; None: made-up blobs.
        limit: at most so many photos, evenly spread over all; None: all.
        seed: of the holes. A sample's own seed is its photo's place.

    Raises:
        FileNotFoundError: there is no folder or file of object shapes.
        ValueError: an argument is none of these, or no photo can be used.
    """
    checked_count("size", size, least=16)
    n = len(photos.items)
    taken = n if limit is None else min(checked_count("limit", limit, least=1), n)
    source = holes_from(holes, objects)
    samples: list[Drawn] = []
    unusable: list[Unusable] = []
    for item in (photos.items[step * n // taken] for step in range(taken)):
        try:
            image = upright(item)
            if min(image.size) < size:
                given = f"{image.width}x{image.height}"
                raise ValueError(f"photo {item.name!r}: is {given} pixels; accepted: a shorter side of at least {size}")
        except (OSError, ValueError) as error:
            unusable.append(Unusable(item.name, str(error)))
            continue
        photo = np.asarray(centre_square(image, size))  # [S, S, 3]
        samples.append(Drawn(photo, draw_hole(source, size, 0, item_rng(seed, item.k)), item.k, item.name))
    if not samples:
        raise ValueError(f"validation: none of {taken} photos can be used; the first: {unusable[0].reason}")
    return Fixed(tuple(samples), tuple(unusable))
