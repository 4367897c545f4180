"""Lists that say which photos take part and how often."""

from __future__ import annotations

import csv
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retouch.files.listing import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retouch.data.items import Item


@dataclass(frozen=True)
class Row:
    """A photo's name in a list and how often it is drawn, relative to the others."""

    name: str
    weight: float = 1.0


def read_list(path: Path) -> tuple[Row, ...]:
    """Read a CSV with the column `file` and perhaps `weight` (other columns are left out), or names one a line.

    Args:
        path: the list; it is a CSV where its suffix says so.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it is not text in UTF-8.
        ValueError: it names no photo or one twice, has no column `file`, or a weight below 0 or infinite.
    """
    if not path.is_file():
        raise FileNotFoundError(f"list_file: there is no file {str(path)!r}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise OSError(f"list_file: {str(path)!r} is not text in UTF-8") from None
    if path.suffix.lower() == ".csv":
        rows = _rows_of_csv(text, path)
    else:
        rows = [Row(line.strip()) for line in text.splitlines() if line.strip()]
    if not rows:
        raise ValueError(f"list_file: {str(path)!r} names no photo")
    seen: set[str] = set()
    for row in rows:
        if row.name in seen:
            raise ValueError(f"list_file: {str(path)!r} names {row.name!r} twice")
        seen.add(row.name)
    return tuple(rows)


def choose(items: Sequence[Item], rows: Sequence[Row], list_file: Path) -> tuple[list[tuple[Item, Row]], int]:
    """The items that rows name, in the items' order, with their rows; and how many rows name none.

    Raises:
        ValueError: no row names an item.
    """
    numbers = _Numbers(items, list_file.parent)
    found: dict[int, Row] = {}
    absent = 0
    for row in rows:
        k = numbers.of(row.name)
        if k is None:
            absent += 1
        else:
            found.setdefault(k, row)
    if not found:
        raise ValueError(
            f"list_file: {str(list_file)!r} names none of the {len(items)} photos; its first row is {rows[0].name!r}, "
            f"the first photo {items[0].name!r}"
        )
    return [(items[k], found[k]) for k in sorted(found)], absent


class _Numbers:
    """Finds items by what lists call them."""

    def __init__(self, items: Sequence[Item], folder: Path) -> None:
        self.folder = folder
        self.full: dict[str, int] = {}
        self.places: dict[str, int] = {}
        self.bare: dict[str, int | None] = {}  # None: several photos have that name
        for k, item in enumerate(items):
            self.full[item.name] = k
            if isinstance(item.photo, Path):
                self.full[item.name + item.photo.suffix] = k
                self.places[os.path.abspath(item.photo)] = k  # noqa: PTH100 - links must not be followed
            last = item.name.rsplit("/", 1)[-1]
            self.bare[last] = None if last in self.bare else k

    def of(self, name: str) -> int | None:
        if name in self.full:
            return self.full[name]
        beside = os.path.abspath(self.folder / name)  # noqa: PTH100
        # A row for another folder, which is there, must not be taken for a photo of the same bare name here.
        if beside in self.places or Path(beside).exists():
            return self.places.get(beside)
        return self.bare.get(_stem(name.rsplit("/", 1)[-1]))


def _rows_of_csv(text: str, path: Path) -> list[Row]:
    reader = csv.DictReader(text.splitlines())
    if "file" not in (reader.fieldnames or ()):
        columns = ", ".join(reader.fieldnames or ()) or "none"
        raise ValueError(f"list_file: {str(path)!r} has the columns {columns}; accepted: file, and perhaps weight")
    rows = []
    for line in reader:
        name, weight = (line["file"] or "").strip(), (line.get("weight") or "1").strip()
        if name:
            rows.append(Row(name, _weight(weight, name, path)))
    return rows


def _weight(text: str, name: str, path: Path) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not 0 <= weight < math.inf:
        raise ValueError(f"list_file: {str(path)!r} gives {name!r} the weight {text!r}; accepted: numbers from 0 up")
    return weight


def _stem(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return stem if f"{dot}{suffix}".lower() in SUFFIXES else name
