"""The pairs of a folder, found by their place in the shards: 13 bytes of memory each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retouch.data.categories import CATEGORIES, ROLES, Role
from retouch.data.lcg.pair import from_line
from retouch.data.lcg.record import read_record, shards_of

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from retouch.data.lcg.pair import Pair

_PLACE = {each.name: k for k, each in enumerate(CATEGORIES)}
_ROLE_OF = np.array([ROLES.index(each.role) for each in CATEGORIES])  # [137]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs in a fixed order: that of shards, and within them.

    Attributes:
        shards: files.
        photos: for each of them the folder that its images are relative to.
        shard: [n] int32, which of them holds a pair.
        offset: [n] int64, where in it its line begins, in bytes.
        kind: [n] uint8, place of its category in CATEGORIES.
    """

    shards: tuple[Path, ...]
    photos: tuple[Path, ...]
    shard: NDArray[np.int32]
    offset: NDArray[np.int64]
    kind: NDArray[np.uint8]

    def __len__(self) -> int:
        """Their number n."""
        return len(self.offset)

    def __getitem__(self, k: int) -> Pair:
        """Pair `k`, read from its file; ValueError where its line is damaged, OSError where the file is gone."""
        path, offset = self.shards[int(self.shard[k])], int(self.offset[k])
        with path.open("rb") as file:
            file.seek(offset)
            return from_line(file.readline(), f"pairs: {str(path)!r}, byte {offset}")

    def photo(self, k: int, pair: Pair) -> Path:
        """The photo's file of pair `k`, which is `pair`."""
        return self.photos[int(self.shard[k])] / pair.image

    def labels(self) -> NDArray[np.int64]:
        """[n] 0 = background, 1 = foreground: places in ROLES."""
        found: NDArray[np.int64] = _ROLE_OF[self.kind]  # [n]
        return found

    def of(self, role: Role) -> NDArray[np.int64]:
        """Numbers of the pairs of a class, rising."""
        return np.flatnonzero(self.labels() == ROLES.index(role))

    def weights(self, foreground: float = 0.5) -> NDArray[np.float64]:
        """How often each pair is to be drawn so that this share of samples is foreground, whatever there is more of.

        Args:
            foreground: share, 0 to 1.

        Returns:
            [n] float64 with sum 1; within a class all alike.

        Raises:
            ValueError: a share that is none, or a class to be drawn that has no pair.
        """
        if not 0 <= foreground <= 1:
            raise ValueError(f"foreground: is {foreground}; accepted: a share from 0 to 1")
        weights = np.zeros(len(self))  # [n]
        for role, part in zip(ROLES, (1 - foreground, foreground), strict=True):
            members = self.of(role)
            if part and not len(members):
                raise ValueError(f"pairs: there is no {role} pair; accepted: at least one, or a share of 0 for {role}")
            weights[members] = part / max(len(members), 1)
        return weights


def read_pairs(folder: str | os.PathLike[str], photos: str | os.PathLike[str] | None = None) -> Pairs:
    """The pairs of a folder that `make_pairs` wrote.

    Args:
        folder: with shards and their record.
        photos: folder of the photos; None: where they were when the pairs were made.

    Raises:
        FileNotFoundError: there is no record or no shard, or no folder of photos.
        ValueError: a line is no pair, or there is none at all; a mask's code is looked at when the mask is needed.
    """
    at = Path(folder)
    root = Path(read_record(at).photos if photos is None else photos)
    if not root.is_dir():
        raise FileNotFoundError(f"photos: there is no folder {str(root)!r}")
    shards = shards_of(at)
    if not shards:
        raise FileNotFoundError(f"pairs: {str(at)!r} holds no finished shard")
    rows = [_index(path) for path in shards]
    offset = np.concatenate([offsets for offsets, _ in rows])  # [n]
    if not offset.size:
        raise ValueError(f"pairs: {str(at)!r} holds no pair; accepted: at least one")
    number = np.repeat(np.arange(len(rows), dtype=np.int32), [len(offsets) for offsets, _ in rows])  # [n]
    kind = np.concatenate([kinds for _, kinds in rows])  # [n]
    return Pairs(tuple(shards), (root,) * len(shards), number, offset, kind)


def joined(parts: Sequence[Pairs]) -> Pairs:
    """The pairs of several folders, one after another; ValueError: there is none."""
    if not parts:
        raise ValueError("pairs: names no folder; accepted: at least one")
    starts = np.cumsum([0, *(len(part.shards) for part in parts[:-1])])
    return Pairs(
        shards=tuple(path for part in parts for path in part.shards),
        photos=tuple(path for part in parts for path in part.photos),
        shard=np.concatenate([part.shard + start for part, start in zip(parts, starts, strict=True)]).astype(np.int32),
        offset=np.concatenate([part.offset for part in parts]),
        kind=np.concatenate([part.kind for part in parts]),
    )


def _index(path: Path) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Where the lines of a shard begin, and the places of their categories."""
    offsets: list[int] = []
    kinds: list[int] = []
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            pair = from_line(line, f"pairs: {str(path)!r}, line {number}")
            offsets.append(offset)
            kinds.append(_PLACE[pair.category.name])
            offset += len(line)
    return np.array(offsets, np.int64), np.array(kinds, np.uint8)
