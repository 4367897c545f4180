"""The photos and holes a protocol prescribes, one after another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from retouch.bench.protocols.crops import crop
from retouch.holes import draw, item_rng
from retouch.holes.objects import objects_from

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from retouch.bench.protocols.protocol import Holes, Protocol
    from retouch.data import Dataset, Item
    from retouch.holes.objects import Objects

_CROP_STREAM = 1 << 31  # added to k: a crop that draws numbers must not shift those of the hole


@dataclass(frozen=True, eq=False)
class Sample:
    """A photo with its hole.

    Attributes:
        k: its place in the data set.
        name: of the photo.
        photo: [S, S, 3] uint8, S the protocol's size.
        hole: [S, S] bool, True = hole.
    """

    k: int
    name: str
    photo: NDArray[np.uint8]
    hole: NDArray[np.bool_]


@dataclass(frozen=True)
class Failed:
    """A photo that could not be had, and why."""

    k: int
    name: str
    reason: str


def sample(
    protocol: Protocol,
    item: Item,
    holes: str,
    *,
    seed: int = 0,
    objects: Objects | None = None,
) -> Sample:
    """One photo with the hole that it gets in that protocol: it depends on the photo's place and `seed` only.

    Args:
        protocol: which one.
        item: of the protocol's data set.
        holes: the name of one of its sets of holes.
        seed: from 0 up.
        objects: real object shapes for recipes that take some; None: made-up blobs.

    Raises:
        OSError: the photo or its mask is missing or damaged.
        ValueError: an unknown set of holes, no photo, a photo of another size than a protocol without scaling takes,
            or a mask that is missing, empty, full or of another size.
    """
    chosen = protocol.holes_called(holes)
    image = item.image()
    given = image.size
    image = crop(protocol.crop)(image, protocol.size, item_rng(seed, item.k + _CROP_STREAM))
    hole = _own(protocol, item, given, seed) if chosen.recipe is None else _drawn(protocol, chosen, item, seed, objects)
    if not hole.any() or hole.all():
        raise ValueError(f"mask: of {item.name!r} is {'full' if hole.any() else 'empty'} after the crop")
    return Sample(item.k, item.name, np.array(image, np.uint8), hole)


def samples(
    protocol: Protocol,
    dataset: Dataset,
    holes: str,
    *,
    seed: int = 0,
    objects: Objects | str | os.PathLike[str] | None = None,
) -> Iterator[Sample | Failed]:
    """Every photo of a data set with its hole, in order; those that cannot be had come as `Failed`, in their place.

    Arguments as `sample`; `objects` may be a folder of PNGs or an annotation file.

    Raises:
        FileNotFoundError: there is no such folder or file of objects.
        ValueError: another data set than the protocol's, another number of photos than its n (unless the data set was
            cut by a limit), or an unknown set of holes.
    """
    _check(protocol, dataset)
    protocol.holes_called(holes)
    source = objects if objects is None or callable(objects) else objects_from(objects)
    return _each(protocol, dataset, holes, seed, source)


def _each(
    protocol: Protocol, dataset: Dataset, holes: str, seed: int, objects: Objects | None
) -> Iterator[Sample | Failed]:
    for item in dataset.items:
        try:
            yield sample(protocol, item, holes, seed=seed, objects=objects)
        except (OSError, ValueError) as error:
            yield Failed(item.k, item.name, str(error))


def _check(protocol: Protocol, dataset: Dataset) -> None:
    if (dataset.name, dataset.split) != (protocol.dataset, protocol.split):
        given, wanted = f"{dataset.name} ({dataset.split})", f"{protocol.dataset} ({protocol.split})"
        raise ValueError(f"dataset: is {given}; protocol {protocol.name!r} is of {wanted}")
    if protocol.n is not None and dataset.limit is None and len(dataset.items) != protocol.n:
        raise ValueError(
            f"dataset: has {len(dataset.items)} photos; protocol {protocol.name!r} is of {protocol.n}; pass limit= to "
            "look at fewer"
        )


def _drawn(protocol: Protocol, holes: Holes, item: Item, seed: int, objects: Objects | None) -> NDArray[np.bool_]:
    from retouch.holes import recipe

    source = objects if recipe(str(holes.recipe)).shapes else None
    size = (protocol.size, protocol.size)
    return draw(str(holes.recipe), size, item_rng(seed, item.k), ratio=holes.ratio, objects=source)


def _own(protocol: Protocol, item: Item, given: tuple[int, int], seed: int) -> NDArray[np.bool_]:
    """The data set's own mask, cropped as its photo."""
    hole = item.hole()
    if (hole.shape[1], hole.shape[0]) != given:
        theirs = f"{hole.shape[1]}x{hole.shape[0]}"
        raise ValueError(f"mask: of {item.name!r} is {theirs} pixels; accepted: {given[0]}x{given[1]}, as the photo")
    picture = Image.fromarray(hole.astype(np.uint8) * 255).convert("RGB")
    scaled = crop(protocol.crop)(picture, protocol.size, item_rng(seed, item.k + _CROP_STREAM))
    return np.asarray(scaled)[..., 0] >= 128  # [S, S]
