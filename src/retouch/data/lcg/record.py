"""What a folder of pairs says about itself: how it was made, and what became of the photos of each shard."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from retouch.atomic import atomic
from retouch.files import targets
from retouch.weights import file_hash

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from retouch.data.lcg.labelling import Labelled, Limits, Problem, Source

RECORD = "lcg.json"
Document = TypeVar("Document", bound=BaseModel)


class Record(BaseModel):
    """How the pairs of a folder were made.

    Attributes:
        photos: folder of the photos when it was made.
        names: SHA-256 of the names of all photos, in order: which photo is in which shard follows from it.
        count: number of photos.
        source: how they were labelled.
        annotations: SHA-256 of their file; None: there is none.
        area, overlap, score: limits on masks.
        per_shard: photos of a shard.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    photos: str
    names: str
    count: int
    source: str
    annotations: str | None = None
    area: tuple[float, float]
    overlap: float
    score: float
    per_shard: int


class Told(BaseModel):
    """What became of photos.

    Attributes:
        photos: how many were looked at.
        dropped: masks left out as planned, by reason.
        problems: (photo, reason) of annotations and photos that could not be used.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    photos: int
    dropped: dict[str, int]
    problems: tuple[tuple[str, str], ...]


def shard_path(folder: Path, shard: int) -> Path:
    """Where the pairs of shard number `shard` are."""
    return folder / f"pairs-{shard:05d}.jsonl"


def shards_of(folder: Path) -> list[Path]:
    """The finished shards of a folder, in order."""
    return sorted(folder.glob("pairs-*.jsonl"))


def record_of(
    source: Source, photos: Path, annotations: str | os.PathLike[str] | None, limits: Limits, per_shard: int
) -> Record:
    """The record of a run; OSError: the annotations cannot be read."""
    names = hashlib.sha256("\0".join(source.images).encode("utf-8", "surrogateescape")).hexdigest()
    return Record(
        photos=str(photos.resolve()),
        names=names,
        count=len(source.images),
        source=source.name,
        annotations=None if annotations is None else file_hash(annotations),
        area=limits.area,
        overlap=limits.overlap,
        score=limits.score,
        per_shard=per_shard,
    )


def claim(folder: Path, record: Record) -> None:
    """Make the folder with its record, or make sure that it is of the same photos and settings.

    Raises:
        FileExistsError: it is of others, or holds other files.
        NotADirectoryError: it is a file.
        ValueError: its record is damaged.
    """
    targets.claim(folder, RECORD, record.model_dump_json(indent=1))
    before = read_record(folder)
    # Photos may be at another place on another machine.
    for name in Record.model_fields:
        then, now = getattr(before, name), getattr(record, name)
        if name != "photos" and then != now:
            raise FileExistsError(
                f"out: {str(folder)!r} holds pairs of other photos, annotations or settings: "
                f"{name} was {then!r}, is {now!r}; choose another folder"
            )


def read_record(folder: Path) -> Record:
    """The record of a folder; FileNotFoundError: it has none; ValueError: it is damaged."""
    path = folder / RECORD
    if not path.is_file():
        raise FileNotFoundError(
            f"pairs: {str(folder)!r} holds no {RECORD}; accepted: a folder that `retouch data lcg` made"
        )
    return _read(path, Record)


def write_told(shard: Path, labelled: Sequence[Labelled]) -> None:
    """Write what became of the photos of a shard, beside it."""
    told = Told(
        photos=len(labelled),
        dropped=dict(sum((each.dropped for each in labelled), Counter())),
        problems=tuple(_text(problem) for each in labelled for problem in each.problems),
    )
    with atomic(_beside(shard), "w", overwrite=True) as file:
        file.write(told.model_dump_json(indent=1))


def read_told(shards: Iterable[Path]) -> Told:
    """What became of the photos of shards, together; ValueError: a document is damaged; OSError: one is missing."""
    each = [_read(_beside(shard), Told) for shard in shards]
    dropped: Counter[str] = sum((Counter(told.dropped) for told in each), Counter())
    problems = tuple(problem for told in each for problem in told.problems)
    return Told(photos=sum(told.photos for told in each), dropped=dict(dropped), problems=problems)


def _text(problem: Problem) -> tuple[str, str]:
    """Photo and reason as text: names of files may hold bytes that are none."""
    image, reason = (part.encode("utf-8", "backslashreplace").decode() for part in (problem.image, problem.reason))
    return image, reason


def _beside(shard: Path) -> Path:
    return shard.with_name(shard.stem.replace("pairs", "photos") + ".json")


def _read(path: Path, kind: type[Document]) -> Document:
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"pairs: {str(path)!r} is damaged: {first['msg']}") from None
