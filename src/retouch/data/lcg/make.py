"""Labelling photos shard by shard: a run that is killed loses the shard it was at, and the same call goes on there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retouch.atomic import atomic
from retouch.data.lcg.pair import to_line
from retouch.data.lcg.record import Told, claim, read_told, record_of, shard_path, write_told
from retouch.holes.check import checked_count, checked_share

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Sequence

    from retouch.data.lcg.labelling import Labelled, Limits, Source


@dataclass(frozen=True)
class Made:
    """What a run did.

    Attributes:
        folder: with the shards.
        photos: labelled now.
        pairs: made of them.
        kept: shards that were there already.
        told: what became of all photos of this share, those of kept shards too.
    """

    folder: Path
    photos: int
    pairs: int
    kept: int
    told: Told


def make_pairs(
    source: Source,
    out: str | os.PathLike[str],
    *,
    photos: str | os.PathLike[str],
    annotations: str | os.PathLike[str] | None = None,
    limits: Limits,
    per_shard: int = 500,
    share: tuple[int, int] = (1, 1),
    strict: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> Made:
    """Label photos and write pairs-00000.jsonl, pairs-00001.jsonl, ... of so many photos each.

    A shard takes its name when it is whole. Called again, the run goes on after the shards that are there. Several
    machines may work on one folder, each with its share.

    Args:
        source: photos and how they are labelled.
        out: folder, made if need be.
        photos: folder that the names of photos are relative to; noted for readers.
        annotations: file of the source, if any; its SHA-256 is noted, as pairs of other annotations are not mixed.
        limits: those of the source; noted for the same reason.
        per_shard: photos of a shard, from 1 up.
        share: (i, n): only the i-th of n shares of the shards, i from 1.
        strict: end the run at the first annotation or photo that cannot be used; else it is left out and told.
        progress: is called with (photos done, of how many) after each.

    Raises:
        FileExistsError: `out` holds pairs of other photos, annotations or settings, or other files.
        NotADirectoryError: `out` is a file.
        OSError: `out` cannot be written, or `annotations` not read; finished shards stay.
        ValueError: an argument is none of these, the record in `out` is damaged, or, with `strict`, something cannot be
            used; finished shards stay.
    """
    i, n = checked_share("share", share)
    checked_count("per_shard", per_shard, least=1)
    into = Path(out)
    claim(into, record_of(source, Path(photos), annotations, limits, per_shard))
    shards = range(i - 1, -(-len(source.images) // per_shard), n)
    total = sum(len(_places(source, shard, per_shard)) for shard in shards)
    done = labelled = pairs = kept = 0
    for shard in shards:
        path, places = shard_path(into, shard), _places(source, shard, per_shard)
        if path.exists():
            kept, done = kept + 1, done + len(places)
            _check(read_told([path]).problems, strict)
            continue
        found: list[Labelled] = []
        for place in places:
            found.append(source.label(place))
            _check(((each.image, each.reason) for each in found[-1].problems), strict)
            done += 1
            if progress is not None:
                progress(done, total)
        pairs += _write(path, found)
        labelled += len(places)
    return Made(into, labelled, pairs, kept, read_told(shard_path(into, shard) for shard in shards))


def _check(problems: Iterable[tuple[str, str]], strict: bool) -> None:
    for image, reason in problems:
        if strict:
            raise ValueError(f"strict: {image}: {reason}; accepted: nothing that cannot be used, or not strict")


def _places(source: Source, shard: int, per_shard: int) -> range:
    """The numbers of the photos of a shard."""
    return range(shard * per_shard, min((shard + 1) * per_shard, len(source.images)))


def _write(path: Path, found: Sequence[Labelled]) -> int:
    """Write a shard; returns its pairs. They come last, so that a shard that is there is whole."""
    write_told(path, found)
    lines = [to_line(pair) for each in found for pair in each.pairs]
    with atomic(path, "w", overwrite=True) as file:
        file.writelines(f"{line}\n" for line in lines)
    return len(lines)
