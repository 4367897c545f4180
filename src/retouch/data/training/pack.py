"""Packing photos decoded: WebDataset shards of BMP files, which cost next to nothing to decode.

The operating system keeps shards that are read over and over in memory, one copy for all workers and processes; on a
RAM disk they are there from the start.
"""

from __future__ import annotations

import io
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from retouch.atomic import atomic
from retouch.data.training.decode import header_size, upright
from retouch.data.training.unusable import Unusable
from retouch.holes.check import checked_count

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    from retouch.data.items import Item
    from retouch.data.training.photos import Photos

SHARD = 1 << 30  # bytes of a shard at which the next one is begun
_EXTRA = 2048  # bytes of a photo besides its pixels, at most: headers of tar and BMP, rounding up


@dataclass(frozen=True)
class Packed:
    """What was written: the folder, how many photos, and those that could not be used."""

    folder: Path
    photos: int
    unusable: tuple[Unusable, ...]


def packed_bytes(photos: Photos, short_side: int | None = None) -> int:
    """About how many bytes `pack` would write, from the headers of the photos; unreadable ones count nothing."""
    total = 0
    for item in photos.items:
        try:
            width, height = scaled_size(*header_size(item), short_side)
        except (OSError, ValueError):
            continue
        total += 3 * width * height + _EXTRA
    return total


def pack(
    photos: Photos,
    out: str | os.PathLike[str],
    *,
    short_side: int | None = None,
    limit: int = 64 << 30,
    progress: Callable[[int, int], object] | None = None,
) -> Packed:
    """Write photos decoded into shards that `photos_in` reads, in the same order and under the same names.

    Samples of shards at native size (`short_side=None`) equal those of the photos bit for bit, but for photos that were
    decoded as drafts (`SampleSettings.draft`) or could not be used, which are left out. Weights are not packed.

    Args:
        photos: all of them are packed.
        out: folder to make.
        short_side: larger photos are scaled down to this shorter side, in pixels; None: none is.
        limit: bytes; more are refused before anything is written.
        progress: is called with (photos done, of how many) after each.

    Raises:
        FileExistsError: `out` exists.
        OSError: `out` cannot be written, or the disk has too little room.
        ValueError: an argument is none of these, the photos take more than `limit`, or none can be used.
    """
    if short_side is not None:
        checked_count("short_side", short_side, least=16)
    into = Path(out)
    if into.exists():
        raise FileExistsError(f"out: {str(into)!r} exists; choose another folder")
    if not into.parent.is_dir():
        raise FileNotFoundError(f"out: {str(into)!r} cannot be made: its folder does not exist")
    _check_room(packed_bytes(photos, short_side), limit, into)
    # The folder takes its name when it is whole: a killed run leaves none that looks finished.
    part = Path(tempfile.mkdtemp(dir=into.parent, prefix=f".{into.name[:60]}.", suffix=".part"))
    try:
        unusable = _write(photos.items, part, short_side, progress)
        if len(unusable) == len(photos.items):
            raise ValueError(f"data: none of {len(unusable)} photos can be used; the first: {unusable[0].reason}")
        part.chmod(into.parent.stat().st_mode & 0o777)
        part.rename(into)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Packed(into, len(photos.items) - len(unusable), tuple(unusable))


def scaled_size(width: int, height: int, short_side: int | None) -> tuple[int, int]:
    """(width, height) with a shorter side of at most `short_side`."""
    if short_side is None or min(width, height) <= short_side:
        return width, height
    zoom = short_side / min(width, height)
    return max(round(width * zoom), short_side), max(round(height * zoom), short_side)


def _check_room(wanted: int, limit: int, into: Path) -> None:
    if wanted > limit:
        raise ValueError(
            f"limit: the photos take {wanted / 1e9:.1f} GB; accepted: {limit / 1e9:.1f} GB; lower short_side"
        )
    free = shutil.disk_usage(into.parent).free
    if wanted > free:
        raise OSError(f"out: the photos take {wanted / 1e9:.1f} GB; the disk of {str(into)!r} has {free / 1e9:.1f} GB")


def _write(
    items: Sequence[Item], folder: Path, short_side: int | None, progress: Callable[[int, int], object] | None
) -> list[Unusable]:
    unusable: list[Unusable] = []
    bitmaps = _bitmaps(items, short_side, unusable, progress)
    pending = next(bitmaps, None)
    shard = 0
    while pending is not None:
        with atomic(folder / f"{shard:06d}.tar") as file, tarfile.open(fileobj=file, mode="w") as tar:
            while pending is not None and file.tell() < SHARD:
                name, content = pending
                entry = tarfile.TarInfo(f"{name}.bmp")
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
                pending = next(bitmaps, None)
        shard += 1
    return unusable


def _bitmaps(
    items: Sequence[Item],
    short_side: int | None,
    unusable: list[Unusable],
    progress: Callable[[int, int], object] | None,
) -> Iterator[tuple[str, bytes]]:
    """Name and BMP file of each photo that can be used; the others are added to `unusable`."""
    for done, (item, name) in enumerate(zip(items, _keys(items), strict=True), 1):
        try:
            image = upright(item)
        except (OSError, ValueError) as error:
            unusable.append(Unusable(item.name, str(error)))
        else:
            size = scaled_size(*image.size, short_side)
            stream = io.BytesIO()
            (image if size == image.size else image.resize(size, Image.Resampling.BICUBIC)).save(stream, "BMP")
            yield name, stream.getvalue()
        if progress is not None:
            progress(done, len(items))


def _keys(items: Sequence[Item]) -> list[str]:
    """The names of photos as keys of a shard, where a dot would begin the suffix and no two may be alike."""
    taken: set[str] = set()
    keys = []
    for item in items:
        folder, slash, last = item.name.rpartition("/")
        plain = folder + slash + last.replace(".", "_")
        key, number = plain, 1
        while key in taken:
            number += 1
            key = f"{plain}-{number}"
        taken.add(key)
        keys.append(key)
    return keys
