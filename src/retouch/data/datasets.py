"""Finding the photos of a data set: its split, its order, its number."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from retouch.data.celeba import partition_names
from retouch.data.items import Item
from retouch.data.layouts import Layout, Split, layout
from retouch.data.masks import misato_masks, paired_items
from retouch.data.shards import shard_items, shards_in
from retouch.files.listing import SUFFIXES, listed, relative_name
from retouch.holes.check import checked_count

if TYPE_CHECKING:
    import os


@dataclass(frozen=True)
class Dataset:
    """Photos in a fixed order.

    Attributes:
        name: of the layout.
        split: of it.
        root: where it was found.
        items: item k is at place k.
        limit: it was cut to this many on purpose; None: it is whole.
    """

    name: str
    split: str
    root: Path
    items: tuple[Item, ...]
    limit: int | None = None


def dataset(
    name: str,
    root: str | os.PathLike[str],
    *,
    split: str | None = None,
    list_file: str | os.PathLike[str] | None = None,
    limit: int | None = None,
) -> Dataset:
    """The photos of a data set in a fixed order: that of the list file, of shards, or the natural order of names.

    Args:
        name: of the data set; LAYOUTS lists them.
        root: its folder, laid out as LAYOUTS says, or a folder of WebDataset shards that hold the split and no more.
        split: of it; None: the first of its layout.
        list_file: names of the photos of the split, one a line, relative to the folder of photos; None: the layout's.
        limit: the first so many only, and any number of photos is accepted.

    Returns:
        The data set. Photos are not opened.

    Raises:
        FileNotFoundError: something is missing; the message says where it is obtained and how it is laid out.
        OSError: a shard or a list file is damaged.
        ValueError: an unknown name, another number of photos than the split has, or a list that names one twice.
    """
    chosen = layout(name)
    part = chosen.split(split)
    if limit is not None:
        checked_count("limit", limit, least=1)
    at = Path(root)
    if not at.exists():
        raise _missing(chosen, f"there is no folder {str(at)!r}")
    if shards_in(at):
        items = _taken(shard_items(at), part, whole=True)
    else:
        items = _in_folder(chosen, part, at, None if list_file is None else Path(list_file))
    if limit is not None:
        items = items[:limit]
    elif part.n is not None and len(items) != part.n:
        raise ValueError(
            f"data: {str(at)!r} holds {len(items)} photos; split {part.name!r} of {name!r} has {part.n}; pass limit= "
            "to look at fewer"
        )
    return Dataset(name, part.name, at, tuple(replace(item, k=k) for k, item in enumerate(items)), limit)


def _in_folder(chosen: Layout, part: Split, root: Path, list_file: Path | None) -> tuple[Item, ...]:
    if chosen.masks == "paired":
        return paired_items(root)
    names = _listed_names(part, root, list_file)
    if names is not None:
        return _from_names(chosen, root, names)
    folder = _first(root, part.folders)
    if folder is None:
        raise _missing(chosen, f"{str(root)!r} holds no photos of split {part.name!r}")
    found = listed(folder, "data", recursive=True)
    # Masks lie in a folder of their own in every layout but "folder".
    items = tuple(Item(k, found.key(path), path) for k, path in enumerate(found.files))
    if chosen.masks == "misato":
        items = misato_masks(items, folder.parent / "mask")
    return _taken(items, part, whole=False)


def _listed_names(part: Split, root: Path, list_file: Path | None) -> list[str] | None:
    """The names of the split's photos, from a list or from CelebA's partition; None: neither is there."""
    if list_file is not None and not list_file.is_file():
        raise FileNotFoundError(f"list_file: there is no file {str(list_file)!r}")
    given = list_file or next((root / name for name in part.lists if (root / name).is_file()), None)
    if given is None:
        return None if part.partition is None else partition_names(root, part.partition)
    try:
        lines = given.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise OSError(f"list_file: {str(given)!r} is not text in UTF-8") from None
    names = [line.strip() for line in lines if line.strip()]
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise ValueError(f"list_file: {str(given)!r} names {twice[0]!r} twice")
    if not names:
        raise ValueError(f"list_file: {str(given)!r} names no photo")
    return names


def _from_names(chosen: Layout, root: Path, names: list[str]) -> tuple[Item, ...]:
    folder = _first(root, chosen.images)
    if folder is None:
        raise _missing(chosen, f"{str(root)!r} holds no photos")
    files = listed(folder, "data", recursive=True)
    known = {files.full(path): path for path in files.files} | {files.key(path): path for path in files.files}
    # Lists often hold paths of the machine they were made on: the name alone finds the photo then.
    bare = {path.name: path for path in files.files} | {path.stem: path for path in files.files}
    items = []
    for k, name in enumerate(names):
        last = name.rsplit("/", 1)[-1]
        path = known.get(name) or bare.get(last) or bare.get(_stem(last))
        if path is None:
            raise _missing(chosen, f"{str(folder)!r} holds no photo {name!r} of the list")
        items.append(Item(k, relative_name(path.relative_to(folder).with_suffix("")), path))
    return tuple(items)


def _stem(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return stem if f"{dot}{suffix}".lower() in SUFFIXES else name


def _taken(items: tuple[Item, ...], part: Split, whole: bool) -> tuple[Item, ...]:
    if whole or part.n is None or part.take == "all":
        return items
    return items[: part.n] if part.take == "first" else items[-part.n :]


def _first(root: Path, folders: tuple[str, ...]) -> Path | None:
    for name in folders:
        folder = root / name
        if folder.is_dir() and _holds_image(folder):
            return folder
    return None


def _holds_image(folder: Path) -> bool:
    return any(path.suffix.lower() in SUFFIXES for path in folder.rglob("*"))


def _missing(chosen: Layout, what: str) -> FileNotFoundError:
    return FileNotFoundError(
        f"data: {what}; {chosen.name} is obtained from {chosen.origin}; expected: {chosen.expected}"
    )
