"""One training sample: a crop of a photo, a hole and a seed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retouch.data.training.crops import draw_crop
from retouch.data.training.decode import cut
from retouch.data.training.mixture import draw_hole, holes_from
from retouch.data.training.order import Epochs, generator, order
from retouch.data.training.unusable import Unusable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.data.training.crops import Crop
    from retouch.data.training.mixture import Holes
    from retouch.data.training.photos import Photos
    from retouch.data.training.settings import SampleSettings

PATIENCE = 1000  # photos in a row that cannot be used before it is said that none can
_PHOTO, _HOLE = 0, 1  # separate generators: how many numbers one draws does not shift the other


@dataclass(frozen=True, eq=False)
class Drawn:
    """A sample.

    Attributes:
        photo: [S, S, 3] uint8, the whole crop, also under the hole.
        hole: [S, S] bool, True = hole.
        seed: for whatever training draws for this sample, 0 to 2^63 - 1.
        name: of the photo.
        unusable: photos that were passed over until this one could be used.
    """

    photo: NDArray[np.uint8]
    hole: NDArray[np.bool_]
    seed: int
    name: str
    unusable: tuple[Unusable, ...] = ()


def draw_sample(photos: Photos, index: int, key: tuple[int, int, int], settings: SampleSettings, holes: Holes) -> Drawn:
    """Make a sample of photo `index`; everything random in it follows from `key`.

    A photo that is too small or unreadable is passed over for the next one that can be used, with the same crop.

    Args:
        photos: all of them.
        index: which one.
        key: (seed of the run, epoch, place in the epoch).
        settings: size, crops.
        holes: what its hole is drawn from; `settings.holes` and its like are not looked at here.

    Raises:
        OSError: the file of an object shape is missing or damaged.
        ValueError: none of many photos in a row can be used; a recipe does not work at this size; a bad key.
    """
    seed, epoch, place = key
    rng = generator(seed, epoch, place, _PHOTO)
    drawn_seed = int(rng.integers(1 << 63, dtype=np.uint64))
    crop = draw_crop(rng, settings)
    k, photo, unusable = _first_usable(photos, index, crop, settings)
    hole = draw_hole(holes, settings.size, epoch, generator(seed, epoch, place, _HOLE))
    return Drawn(photo, hole, drawn_seed, photos.items[k].name, unusable)


class TrainingSet:
    """The endless stream of samples of a run: sample p is the same in every process, at any time, in any order.

    With n photos, sample p is place p mod n of epoch p // n. It serves as a map-style data set for a DataLoader; its
    length is that of an epoch, but samples have every number from 0 up.

    Args:
        photos: what to train on.
        settings: what samples are.
        seed: of the run, from 0 up.

    Raises:
        FileNotFoundError: there is no folder or file of object shapes.
        ValueError: an unknown recipe or a bad mixture.
    """

    def __init__(self, photos: Photos, settings: SampleSettings, seed: int = 0) -> None:
        self.photos, self.settings, self.seed = photos, settings, seed
        self.holes = holes_from(settings.holes, settings.objects, settings.curriculum)
        n = len(photos.items)
        self.places = Epochs(n, partial(order, n, seed=seed, weights=photos.weights))

    def __len__(self) -> int:
        return len(self.photos.items)

    def __getitem__(self, position: int) -> Drawn:
        if position < 0:
            raise IndexError(f"position: is {position}; accepted: from 0 up")
        epoch, place, index = self.places[position]
        return draw_sample(self.photos, index, (self.seed, epoch, place), self.settings, self.holes)


def fingerprint(photos: Photos, settings: SampleSettings) -> str:
    """16 hexadecimal digits that change with the names and weights of photos, their order, and the settings.

    Of the object shapes only the name of their folder or file counts, so that a run may go on in another place.
    """
    objects = None if settings.objects is None else Path(settings.objects).name
    weights = None if photos.weights is None else photos.weights.tolist()
    names = [item.name for item in photos.items]
    stream = json.dumps([names, weights, settings.model_dump(mode="json", exclude={"objects"}), objects])
    return hashlib.sha256(stream.encode()).hexdigest()[:16]


def _first_usable(
    photos: Photos, index: int, crop: Crop, settings: SampleSettings
) -> tuple[int, NDArray[np.uint8], tuple[Unusable, ...]]:
    n = len(photos.items)
    unusable: list[Unusable] = []
    for k in ((index + step) % n for step in range(n)):
        if photos.weights is not None and photos.weights[k] == 0:
            continue
        item = photos.items[k]
        try:
            photo = cut(item, crop, settings.size, settings.shortest, settings.draft)  # [S, S, 3]
        except (OSError, ValueError) as error:
            unusable.append(Unusable(item.name, str(error)))
            if len(unusable) == PATIENCE:
                break
        else:
            return k, photo, tuple(unusable)
    raise ValueError(f"data: none of {len(unusable)} photos in a row can be used; the first: {unusable[0].reason}")
