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
    from collections.abc import Callable, Iterator

    from numpy.random import Generator
    from numpy.typing import NDArray

    from retouch.bench.protocols.protocol import Holes, Protocol
    from retouch.data import Dataset, Item
    from retouch.holes.objects import Objects

_CROP_STREAM = 1 << 31  # added to k: a crop that draws numbers must not shift those of the hole


@dataclass(frozen=True, eq=False)
class Sample:
    """A photo with its hole.

    Attributes:
        k: its number: the photo's place in the data set, times the crops of each photo, plus the crop's place.
        name: of the photo; with several crops the crop follows: "dog small-centre".
        photo: [S, S, 3] uint8, S the protocol's size.
        hole: [S, S] bool, True = hole.
    """

    k: int
    name: str
    photo: NDArray[np.uint8]
    hole: NDArray[np.bool_]


@dataclass(frozen=True)
class Failed:
    """A sample that could not be had, and why."""

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
    view: int = 0,
) -> Sample:
    """One photo with the hole that it gets in that protocol: it depends on the sample's number and `seed` only.

    Args:
        protocol: which one.
        item: of the protocol's data set.
        holes: the name of one of its sets of holes.
        seed: from 0 up.
        objects: real object shapes for recipes that take some; None: made-up blobs.
        view: which of the protocol's crops of the photo.

    Raises:
        OSError: the photo or its mask is missing or damaged.
        ValueError: an unknown set of holes, no photo, a photo of another size than a protocol without scaling takes,
            or a mask that is missing, empty, full or of another size.
    """
    chosen = protocol.holes_called(holes)
    k, name = numbered(protocol, item, view)

    def cropped(image: Image.Image) -> Image.Image:
        # A generator of its own each time: photo and mask are cut at the same place.
        return crop(protocol.crops[view])(image, protocol.size, item_rng(seed, k + _CROP_STREAM))

    image = item.image()
    photo = cropped(image)
    if chosen.recipe is None:
        hole = _own(item, image.size, cropped)
    else:
        hole = _drawn(protocol, chosen, item_rng(seed, k), objects)
    if not hole.any() or hole.all():
        raise ValueError(f"mask: of {name!r} is {'full' if hole.any() else 'empty'} after the crop")
    return Sample(k, name, np.array(photo, np.uint8), hole)


def numbered(protocol: Protocol, item: Item, view: int) -> tuple[int, str]:
    """The number and the name of one crop of a photo."""
    crops = protocol.crops
    if not 0 <= view < len(crops):
        raise ValueError(f"view: is {view}; accepted: 0 to {len(crops) - 1}, the crops of protocol {protocol.name!r}")
    return item.k * len(crops) + view, item.name if len(crops) == 1 else f"{item.name} {crops[view]}"


def samples(
    protocol: Protocol,
    dataset: Dataset,
    holes: str,
    *,
    seed: int = 0,
    objects: Objects | str | os.PathLike[str] | None = None,
) -> Iterator[Sample | Failed]:
    """Every sample of a data set, in order; those that cannot be had come as `Failed`, in their place.

    Arguments as `sample`; `objects` may be a folder of PNGs or an annotation file.

    Raises:
        FileNotFoundError: there is no such folder or file of objects.
        ValueError: another data set than the protocol's, another number of photos than its n (unless the data set was
            cut by a limit), or an unknown set of holes.
    """
    check_dataset(protocol, dataset)
    protocol.holes_called(holes)
    source = objects if objects is None or callable(objects) else objects_from(objects)
    return _each(protocol, dataset, holes, seed, source)


def _each(
    protocol: Protocol, dataset: Dataset, holes: str, seed: int, objects: Objects | None
) -> Iterator[Sample | Failed]:
    for item in dataset.items:
        for view in range(len(protocol.crops)):
            try:
                yield sample(protocol, item, holes, seed=seed, objects=objects, view=view)
            except (OSError, ValueError) as error:
                yield Failed(*numbered(protocol, item, view), str(error))


def check_dataset(protocol: Protocol, dataset: Dataset) -> None:
    """Refuse with a ValueError another data set, or number of photos, than the protocol is of."""
    if (dataset.name, dataset.split) != (protocol.dataset, protocol.split):
        given, wanted = f"{dataset.name} ({dataset.split})", f"{protocol.dataset} ({protocol.split})"
        raise ValueError(f"dataset: is {given}; protocol {protocol.name!r} is of {wanted}")
    if protocol.n is not None and dataset.limit is None and len(dataset.items) != protocol.n:
        raise ValueError(
            f"dataset: has {len(dataset.items)} photos; protocol {protocol.name!r} is of {protocol.n}; pass limit= to "
            "look at fewer"
        )


def _drawn(protocol: Protocol, holes: Holes, rng: Generator, objects: Objects | None) -> NDArray[np.bool_]:
    from retouch.holes import recipe

    source = objects if recipe(str(holes.recipe)).shapes else None
    return draw(str(holes.recipe), (protocol.size, protocol.size), rng, ratio=holes.ratio, objects=source)


def _own(item: Item, given: tuple[int, int], cropped: Callable[[Image.Image], Image.Image]) -> NDArray[np.bool_]:
    """The data set's own mask, cropped as its photo."""
    hole = item.hole()
    if (hole.shape[1], hole.shape[0]) != given:
        theirs = f"{hole.shape[1]}x{hole.shape[0]}"
        raise ValueError(f"mask: of {item.name!r} is {theirs} pixels; accepted: {given[0]}x{given[1]}, as the photo")
    picture = Image.fromarray(hole.astype(np.uint8) * 255).convert("RGB")
    return np.asarray(cropped(picture))[..., 0] >= 128  # [S, S]
