"""Photos in WebDataset shards: uncompressed tars in which the files of a sample follow each other under one key."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from retouch.data.items import Item, Member
from retouch.files.listing import SUFFIXES, natural

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator


def shards_in(root: Path) -> tuple[Path, ...]:
    """The tars of a folder in natural order; the file itself where `root` is a tar."""
    if root.is_file():
        return (root,) if root.suffix.lower() == ".tar" else ()
    return tuple(sorted(root.glob("*.tar"), key=lambda path: natural(path.name)))


def shard_items(root: str | os.PathLike[str]) -> tuple[Item, ...]:
    """The photos in the shards of a folder, in natural order of shards and then in their order within.

    The key of a file is its path up to the first dot of its name. `key.jpg` (or another image suffix) is a photo and
    `key.mask.png` its mask; other files are left out. Only headers are read here.

    Args:
        root: a folder of tars, or one.

    Raises:
        FileNotFoundError: there is no tar.
        OSError: a shard is damaged or compressed, or has no photo; the message names it.
        ValueError: two photos have one key.
    """
    shards = shards_in(Path(root))
    if not shards:
        raise FileNotFoundError(f"data: {str(root)!r} holds no shard; accepted: a .tar file or a folder of them")
    items: list[Item] = []
    seen: dict[str, Path] = {}
    for shard in shards:
        photos, masks = _sorted_out(shard)
        for key, photo in photos.items():
            if key in seen:
                raise ValueError(f"data: {str(shard)!r} and {str(seen[key])!r} both hold a photo {key!r}")
            seen[key] = shard
            items.append(Item(len(items), key, photo, masks.get(key)))
    return tuple(items)


def _sorted_out(shard: Path) -> tuple[dict[str, Member], dict[str, Member]]:
    photos: dict[str, Member] = {}
    masks: dict[str, Member] = {}
    for member in _members(shard):
        folder, _, name = member.name.rpartition("/")
        stem, _, suffix = name.partition(".")
        key = f"{folder}/{stem}" if folder else stem
        if suffix.lower() == "mask.png":
            masks[key] = member
        elif f".{suffix.lower()}" in SUFFIXES and stem:
            if key in photos:
                raise ValueError(f"data: {str(shard)!r} holds two photos {key!r}")
            photos[key] = member
    if not photos:
        raise OSError(f"data: {str(shard)!r} holds no photo")
    return photos, masks


def _members(shard: Path) -> Iterator[Member]:
    try:
        with tarfile.open(shard, "r:") as tar:
            for member in tar:
                if member.isfile():
                    yield Member(shard, member.name.removeprefix("./"), member.offset_data, member.size)
    except tarfile.TarError as error:
        raise OSError(f"data: {str(shard)!r} is no uncompressed tar or is damaged ({error})") from error
