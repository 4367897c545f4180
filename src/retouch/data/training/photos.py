"""The photos to train on: those of folders or shards, all of them or those that a list names."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retouch.data.items import Item
from retouch.data.shards import shard_items, shards_in
from retouch.data.training.lists import choose, read_list
from retouch.files.listing import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Photos:
    """Photos in a fixed order; none has been opened.

    Attributes:
        items: item k is at place k.
        weights: [n] float64, how often each is drawn relative to the others; None: all alike.
        name: of the folders or shards, without the way to them.
        absent: rows of the list that no photo belongs to.

    Raises:
        ValueError: there is no photo; weights of another number, negative, infinite or all 0.
    """

    items: tuple[Item, ...]
    weights: NDArray[np.float64] | None = None
    name: str = ""
    absent: int = 0

    def __post_init__(self) -> None:
        if not self.items:
            raise ValueError("data: has no photo; accepted: at least one")
        if self.weights is None:
            return
        if np.shape(self.weights) != (len(self.items),):
            raise ValueError(
                f"weights: of shape {np.shape(self.weights)}; accepted: ({len(self.items)},), as the photos"
            )
        if not (np.isfinite(self.weights).all() and (self.weights >= 0).all() and self.weights.any()):
            raise ValueError("weights: accepted: numbers from 0 up, at least one of them above 0")


def photos_in(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    list_file: str | os.PathLike[str] | None = None,
) -> Photos:
    """Find the photos to train on.

    Args:
        source: a folder of photos (searched with its subfolders), a glob, a WebDataset shard (.tar) or a folder of
            them; or several of these. Masks beside photos (`dog.mask.png`) are left out.
        list_file: only the photos that it names: a CSV with the column `file` and perhaps `weight`, or names one a
            line. Names are relative to the source or to the list's own folder; rows without photo are counted.

    Returns:
        The photos in the order of the sources, each in natural order of names, or of shards and within them.

    Raises:
        FileNotFoundError: a source or the list does not exist, or there is no photo.
        OSError: a shard or the list is damaged.
        ValueError: the list names none of the photos, one of them twice, or has a bad weight.
    """
    sources = [source] if isinstance(source, (str, os.PathLike)) else list(source)
    if not sources:
        raise ValueError("data: names no folder; accepted: folders of photos or of shards")
    found = [item for each in sources for item in _items(Path(each))]
    items = tuple(replace(item, k=k) for k, item in enumerate(found))
    name = ", ".join(Path(each).resolve().name for each in sources)
    if list_file is None:
        return Photos(items, name=name)
    rows = read_list(Path(list_file))
    chosen, absent = choose(items, rows, Path(list_file))
    weights = np.array([row.weight for _, row in chosen], np.float64)  # [n]
    if not weights.any():
        raise ValueError(f"list_file: {str(list_file)!r} gives every photo the weight 0")
    kept = tuple(replace(item, k=k) for k, (item, _) in enumerate(chosen))
    return Photos(kept, None if np.all(weights == weights[0]) else weights, name, absent)


def _items(source: Path) -> tuple[Item, ...]:
    if source.exists() and shards_in(source):
        return shard_items(source)
    found = listed(source, "data", recursive=True)
    paths = [path for path in found.files if not path.stem.lower().endswith(".mask")]
    if not paths:
        raise FileNotFoundError(f"data: {str(source)!r} holds masks and no photo")
    return tuple(Item(k, found.key(path), path) for k, path in enumerate(paths))
