"""Another version of each photo beside it, cropped alike: it reaches a recipe as `Batch.labels`."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from retouch.data.training.loader import Loader
from retouch.data.training.photos import Photos, photos_in
from retouch.train.batch import Batch

if TYPE_CHECKING:
    from retouch.data.training.settings import SampleSettings


class BesideLoader(Loader[Batch]):
    """Batches of photos whose labels [B, 3, S, S] are the same crops of the photos of their names in another folder.

    Both are read by the same numbers: what is random in a sample follows from the run's seed and its place alone.

    Args:
        photos: what to train on.
        folder: with a photo of each one's name, whatever its suffix, and of its shape.
        settings, workers, prefetch: as of the loader.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: a photo is missing there.
    """

    def __init__(
        self, photos: Photos, folder: Path, settings: SampleSettings, *, workers: int = 0, prefetch: int = 2
    ) -> None:
        super().__init__(photos, settings, Batch, workers=workers, prefetch=prefetch)
        self.folder = folder
        self.other = Loader(beside(photos, folder), settings, Batch, workers=workers, prefetch=prefetch)
        self.fingerprint = hashlib.sha256(f"{self.fingerprint} beside".encode()).hexdigest()[:16]

    def batches(self, first: int, *, batch: int, seed: int, rank: int = 0, processes: int = 1) -> Iterator[Batch]:
        """As of the loader.

        Raises:
            ValueError: a photo can be used in one folder only: the crops would not be those of one photo.
        """
        place = {"batch": batch, "seed": seed, "rank": rank, "processes": processes}
        pairs = zip(super().batches(first, **place), self.other.batches(first, **place), strict=False)
        for one, two in pairs:
            if differ := self.unusable.keys() ^ self.other.unusable.keys():
                name = min(differ)
                raise ValueError(f"data.beside: {name!r} can be used in one folder only; accepted: in both, or neither")
            yield dataclasses.replace(one, labels=two.photos)


def beside(photos: Photos, folder: Path) -> Photos:
    """The photos of another folder that have the names of `photos`, in their order and as often drawn.

    Raises:
        FileNotFoundError: there is no such folder, or no photo in it.
        ValueError: a photo is missing there.
    """
    try:
        found = {item.name: item for item in photos_in(folder).items}
    except (FileNotFoundError, ValueError) as error:  # it speaks of the argument "data"
        raise type(error)(f"data.beside: {str(error).removeprefix('data: ')}") from error
    missing = [item.name for item in photos.items if item.name not in found]
    if missing:
        raise ValueError(f"data.beside: {folder} lacks {len(missing)} photos, first {missing[0]!r}; accepted: all")
    items = tuple(dataclasses.replace(found[item.name], k=item.k) for item in photos.items)
    return Photos(items, photos.weights, photos.name)
