"""Which files a batch run will make, and which exist already."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from retouch.files.targets import format_suffix, numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class PhotoAndMask(Protocol):
    """What `run_batch` asks of a pair; `retouch.files.pairs.Pair` is one."""

    @property
    def photo(self) -> Path:
        """The photo's file."""
        ...

    @property
    def mask(self) -> Path | None:
        """The mask's file; None where marks say it all."""
        ...

    @property
    def name(self) -> str:
        """Of the result, without suffix."""
        ...

    @property
    def output(self) -> Path | None:
        """Of the result, with suffix, where it is given."""
        ...


@dataclass(frozen=True)
class Unmasked:
    """A photo without mask file: boxes, a colour or its transparency mark the hole."""

    photo: Path
    name: str
    mask: None = None
    output: None = None


@dataclass(frozen=True)
class Item:
    """One result to make."""

    photo: Path
    mask: Path | None
    output: Path
    seed: int


@dataclass(frozen=True)
class Plan:
    """What a run will do.

    Attributes:
        items: all results of this share, in order.
        existing: those of them that are there already and will be skipped.
    """

    items: tuple[Item, ...]
    existing: frozenset[Item]

    @property
    def todo(self) -> tuple[Item, ...]:
        """The results to make."""
        return tuple(item for item in self.items if item not in self.existing)


def plan_batch(
    pairs: Iterable[PhotoAndMask],
    out: str | os.PathLike[str],
    *,
    seed: int = 0,
    samples: int = 1,
    format: str | None = None,
    overwrite: bool = False,
    shard: tuple[int, int] = (1, 1),
) -> Plan:
    """Decide which files are to be made, and which exist already. Nothing is read or written.

    Args:
        pairs: photos with their masks.
        out: the folder of the results.
        seed: of everything random; sample k gets seed + k.
        samples: results for each photo, named _1, _2, ...
        format: suffix of the results ("png"); None: each photo's own.
        overwrite: make existing ones anew.
        shard: (i, n), i from 1: only the i-th of n shares of the pairs.

    Raises:
        ValueError: two results have one name, a result would replace an input, or an argument is out of its range.
    """
    from retouch.filler import MAX_SAMPLES

    if not 1 <= samples <= MAX_SAMPLES:
        raise ValueError(f"samples: is {samples}; accepted: 1 to {MAX_SAMPLES}")
    number, shards = shard
    if not 1 <= number <= shards:
        raise ValueError(f"shard: is {number}/{shards}; accepted: i/n with i from 1 to n")
    suffix = None if format is None else format_suffix(format)
    items = [
        Item(pair.photo, pair.mask, numbered(_target(pair, Path(out), suffix), k, samples), seed + k)
        for pair in pairs
        for k in range(samples)
    ]
    _check_outputs(items, overwrite)
    share = tuple(item for k, item in enumerate(items) if k // samples % shards == number - 1)
    return Plan(share, frozenset(() if overwrite else (item for item in share if os.path.lexists(item.output))))


def _target(pair: PhotoAndMask, out: Path, suffix: str | None) -> Path:
    if pair.output is not None:
        return out / (pair.output.with_suffix(suffix) if suffix else pair.output)
    # Not with_suffix: a name may hold dots of its own.
    return out / f"{pair.name}{suffix or pair.photo.suffix}"


def _check_outputs(items: Sequence[Item], overwrite: bool) -> None:
    made: dict[Path, Item] = {}
    for item in items:
        other = made.setdefault(item.output, item)
        if other is not item:
            raise ValueError(f"{item.photo} and {other.photo} would both be written to {item.output}")
    inputs = {path for item in items for path in (item.photo, item.mask) if path is not None}
    # Inputs named like an output are found by name; links to them by the number of the file.
    numbers = {(status.st_dev, status.st_ino) for status in map(_status, inputs) if status}
    for item in items:
        status = _status(item.output)
        if not overwrite and status and (status.st_dev, status.st_ino) in numbers:
            raise ValueError(f"out: {item.output} is one of the inputs; choose another folder, or overwrite=True")


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):
        return None
