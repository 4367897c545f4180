"""Which pictures a study is made of: from folders, or from a finished benchmark run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retouch.bench.results import FILE, Results
from retouch.files.listing import listed, natural
from retouch.files.pairs import pair

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence


@dataclass(frozen=True)
class Item:
    """One image: its photo, the mask of its hole, and its fills in the order of the methods."""

    name: str
    photo: Path
    mask: Path
    fills: tuple[Path, ...]


@dataclass(frozen=True)
class Material:
    """Everything that can be shown.

    Attributes:
        methods: at least two, each name once.
        items: in natural order of names.
    """

    methods: tuple[str, ...]
    items: tuple[Item, ...]


def from_folders(
    folders: Sequence[str | os.PathLike[str]], photos: str | os.PathLike[str], masks: str | os.PathLike[str]
) -> Material:
    """Take the fills of one folder per method; a folder's name is its method's.

    Args:
        folders: of fills, named as their photos apart from the suffix; all hold the same names.
        photos: folder of the photos; it may hold more than were filled.
        masks: folder of the masks, white = hole, named as `retouch batch` takes them.

    Raises:
        FileNotFoundError: a folder is missing or holds no image.
        ValueError: fewer than two folders, two of one name, folders with different names in them, or a fill without
            photo or mask; the message names one that is missing.
    """
    methods = tuple(Path(folder).resolve().name for folder in folders)
    _check_methods(methods)
    fills = [_by_name(folder) for folder in folders]
    for method, others in zip(methods[1:], fills[1:], strict=True):
        if different := sorted(fills[0].keys() ^ others.keys(), key=natural):
            has, lacks = (method, methods[0]) if different[0] in others else (methods[0], method)
            raise ValueError(
                f"folders: {has!r} holds {different[0]!r} and {lacks!r} does not ({len(different)} such names); "
                "accepted: folders that hold the same names"
            )
    found = pair(photos, masks).pairs
    pairs = {one.photo.stem: one for one in found}
    if twice := _twice([one.photo.stem for one in found if one.photo.stem in fills[0]]):
        raise ValueError(f"photos: {str(photos)!r} holds {twice!r} in two formats; accepted: one photo of each name")
    if lost := sorted(fills[0].keys() - pairs.keys(), key=natural):
        raise ValueError(
            f"photos: {str(photos)!r} and {str(masks)!r} hold no photo with mask for the fill {lost[0]!r} "
            f"({len(lost)} such names); accepted: folders with all of them"
        )
    names = sorted(fills[0], key=natural)
    items = (Item(name, pairs[name].photo, pairs[name].mask, tuple(files[name] for files in fills)) for name in names)
    return Material(methods, tuple(items))


def from_results(folder: str | os.PathLike[str]) -> Material:
    """Take the pictures of a finished benchmark run, those that every model filled.

    Raises:
        FileNotFoundError: there is no results.json, or no picture that it names.
        ValueError: it is damaged, has fewer than two models, or no pictures.
    """
    results = Results.load(folder)
    root = Path(folder) if Path(folder).is_dir() else Path(folder).parent
    _check_methods(results.models)
    items = tuple(
        Item(
            # A photo may be there with several crops and sets of holes.
            f"{each.holes}/{each.k}/{each.name}",
            root / each.photo,
            root / each.hole,
            tuple(root / each.filled[model] for model in results.models),
        )
        for each in results.pictures
        if all(model in each.filled for model in results.models)
    )
    if not items:
        raise ValueError(f"from: {str(root / FILE)!r} names no picture that all models filled; accepted: one with some")
    for path in (path for item in items for path in (item.photo, item.mask, *item.fills)):
        if not path.is_file():
            raise FileNotFoundError(f"from: there is no file {str(path)!r}, which {FILE} names")
    return Material(tuple(results.models), items)


def _by_name(folder: str | os.PathLike[str]) -> dict[str, Path]:
    if not Path(folder).is_dir():
        raise FileNotFoundError(
            f"folders: there is no folder {str(folder)!r}; accepted: a folder of one method's fills"
        )
    found = listed(folder, "folders")
    if twice := _twice([found.key(path) for path in found.files]):
        raise ValueError(f"folders: {str(folder)!r} holds {twice!r} in two formats; accepted: one fill of each name")
    return {found.key(path): path for path in found.files}


def _check_methods(methods: Sequence[str]) -> None:
    if len(methods) < 2:
        given = f"only {methods[0]!r}" if methods else "no method"
        raise ValueError(f"folders: {given} to compare; accepted: two or more methods")
    if twice := _twice(methods):
        raise ValueError(f"folders: two are named {twice!r}; accepted: one folder per method, named as the method")


def _twice(names: Sequence[str]) -> str | None:
    """The first name that is there more than once."""
    return next((name for name, times in Counter(names).items() if times > 1), None)
