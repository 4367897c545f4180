"""What panoptic and instance annotations share: their categories, and the photos they belong to."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from retouch.data.categories import Category, by_id, find
from retouch.data.items import Item
from retouch.data.lcg.objects365 import counterpart
from retouch.data.lcg.photos import photo_names
from retouch.data.training.decode import header_size
from retouch.holes.annotations import field, read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from retouch.holes.check import Size


@dataclass(frozen=True)
class Contents:
    """What kind of annotations a file has, and which of its category ids are which of the 137 (None: none of them)."""

    kind: Literal["panoptic", "instances"]
    categories: Mapping[int, Category | None]


def contents(path: str | os.PathLike[str]) -> Contents:
    """Look into a COCO, COCONut or Objects365 annotation file.

    Categories are told by name, as files number them differently; without names by COCO's ids.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON or no annotation file, annotates nothing, or has none of the 137 categories.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"annotations: there is no file {os.fspath(path)!r}")
    content = read_json(path, ("annotations",))
    annotations = content["annotations"]
    if not annotations:
        raise ValueError(f"annotations: {str(path)!r} annotates nothing")
    panoptic = "segments_info" in annotations[0]
    rows = content.get("categories")
    if rows is None:
        ids = {number for row in annotations for number in _category_ids(row)}
        known = {number: by_id(number) for number in ids}
    elif isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        known = {field(row, "id", int, path): _category(row) for row in rows}
    else:
        raise ValueError(f"annotations: {str(path)!r}: 'categories' is no list of objects")
    if not any(known.values()):
        raise ValueError(f"annotations: {str(path)!r} has none of the 137 categories; docs/lcg-data.md lists them")
    return Contents("panoptic" if panoptic else "instances", known)


def photos_of(folder: Path, annotated: Iterable[str]) -> tuple[str, ...]:
    """The photo of each annotated file name: the same path below `folder`, else the only one of that name.

    Suffixes need not agree then: PNGs annotate JPEGs.

    A name without photo is kept as it is: that becomes a problem of this photo alone.

    Raises:
        FileNotFoundError: there is no folder, no photo in it, or none of the annotated ones.
    """
    there = photo_names(folder)
    counts = Counter(PurePosixPath(name).stem for name in there)
    # Of several photos with one name, none is the right one for sure.
    full, stems = (
        set(there),
        {PurePosixPath(name).stem: name for name in there if counts[PurePosixPath(name).stem] == 1},
    )
    wanted = tuple(annotated)
    found = tuple(name if name in full else stems.get(PurePosixPath(name).stem, name) for name in wanted)
    if full.isdisjoint(found):
        raise FileNotFoundError(
            f"photos: {str(folder)!r} holds none of the {len(wanted)} annotated photos, such as {wanted[0]!r}"
        )
    return found


def check_size(folder: Path, image: str, size: Size) -> None:
    """Raise ValueError where the photo's (height, width) is not that of its annotation; OSError: it is missing."""
    width, height = header_size(Item(0, image, folder / image))
    if (height, width) != tuple(size):
        raise ValueError(f"photo {image!r} is {height}x{width} (height x width); its annotation is {size[0]}x{size[1]}")


def _category_ids(row: dict[str, Any]) -> list[int]:
    infos = row.get("segments_info", [row])
    if not isinstance(infos, list):
        return []
    return [
        info["category_id"] for info in infos if isinstance(info, dict) and isinstance(info.get("category_id"), int)
    ]


def _category(row: dict[str, Any]) -> Category | None:
    name = row.get("name")
    return (find(name) or counterpart(name)) if isinstance(name, str) else by_id(row["id"])
