"""Photos without annotations: a segmenter proposes masks, a scorer names them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retouch.data.items import Item
from retouch.data.lcg.labelling import Labelled, Limits, Problem
from retouch.data.lcg.pair import new_pair
from retouch.data.lcg.select import named
from retouch.data.training.decode import upright
from retouch.files.listing import listed

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from retouch.data.lcg.labelling import Scorer, Segmenter


@dataclass(frozen=True)
class PhotoSource:
    """Photos of a folder.

    Attributes:
        folder: with the photos.
        images: their files, relative to it.
        segmenter: proposes masks.
        scorer: names them.
        limits: which are kept.
    """

    folder: Path
    images: tuple[str, ...]
    segmenter: Segmenter
    scorer: Scorer
    limits: Limits

    @property
    def name(self) -> str:
        """As the source of its pairs."""
        return f"{self.segmenter.name} + {self.scorer.name}"

    def label(self, k: int) -> Labelled:
        """Label photo `k`; one that cannot be read is a problem."""
        try:
            image = read_photo(self.folder, self.images[k])
        except (OSError, ValueError) as error:
            return Labelled(problems=(Problem(self.images[k], str(error)),))
        dropped: Counter[str] = Counter()
        found = named(image, self.segmenter.propose(image), self.scorer, self.limits, dropped)
        pairs = tuple(new_pair(self.images[k], each.mask, each.category, self.name, each.score) for each in found)
        return Labelled(pairs, dropped)


def photo_source(
    photos: str | os.PathLike[str], segmenter: Segmenter, scorer: Scorer, limits: Limits | None = None
) -> PhotoSource:
    """The photos of a folder and its subfolders, in natural order.

    Raises:
        FileNotFoundError: there is no folder, or no photo in it.
    """
    return PhotoSource(Path(photos), photo_names(Path(photos)), segmenter, scorer, limits or Limits())


def photo_names(folder: Path) -> tuple[str, ...]:
    """The photos of a folder and its subfolders, relative to it, in natural order; FileNotFoundError: there is none."""
    if not folder.is_dir():
        raise FileNotFoundError(f"photos: there is no folder {str(folder)!r}")
    found = listed(folder, "photos", recursive=True)
    return tuple(path.relative_to(folder).as_posix() for path in found.files)


def read_photo(folder: Path, name: str) -> NDArray[np.uint8]:
    """[H, W, 3] uint8 of a photo in displayed orientation; raises OSError or ValueError that names it."""
    return np.asarray(upright(Item(0, name, folder / name)))
