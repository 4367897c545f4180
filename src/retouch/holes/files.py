"""Writing many masks of one recipe to a folder, so that a stopped run goes on where it was."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from retouch.atomic import atomic
from retouch.holes.check import checked_count, checked_ratio, checked_size
from retouch.holes.objects import objects_from, read_shape
from retouch.holes.recipes import draw, item_rng, recipe
from retouch.holes.sheet import sheet

if TYPE_CHECKING:
    from collections.abc import Callable

    from retouch.holes.check import Ratio, Size
    from retouch.holes.objects import Objects

RECORD, SHEET = "holes.json", "sheet.png"
SHOWN = 64  # masks on the sheet


@dataclass(frozen=True)
class Written:
    """What a run did: how many masks it drew, how many were there already, and the contact sheet."""

    made: int
    kept: int
    sheet: Path


def write_holes(
    name: str,
    folder: str | os.PathLike[str],
    *,
    size: Size,
    count: int,
    seed: int = 0,
    ratio: Ratio | None = None,
    objects: Objects | str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], Any] | None = None,
) -> Written:
    """Write masks 000000.png, 000001.png, ... (1 bit, white = hole), a contact sheet and a record of the settings.

    Mask k depends on the settings, `seed` and k only. The same call goes on where a stopped one was, and with a larger
    `count` it adds masks. A folder with masks of other settings is refused unless `overwrite` is True.

    Args:
        name: of the recipe.
        folder: where to; it is made if need be.
        size: (height, width) in pixels.
        count: how many masks there shall be, from 1 up.
        seed: from 0 up.
        ratio: as in `draw`.
        objects: as in `draw`.
        overwrite: delete the masks that are there and write these.
        progress: is called with (masks done, count) after each.

    Raises:
        FileExistsError: the folder holds masks of other settings.
        OSError: the folder cannot be made or written.
        ValueError: as `draw`; or the folder's record is damaged.
    """
    size, limits = checked_size(size), checked_ratio(ratio)
    count, seed = checked_count("count", count, least=1), checked_count("seed", seed)
    named = objects if isinstance(objects, str | os.PathLike) else None
    source = objects_from(named) if named is not None else objects
    make = partial(draw, recipe(name).name, size, ratio=limits, objects=source)
    first = make(item_rng(seed, 0))  # before anything is written: what cannot be drawn fails here
    into = Path(folder)
    into.mkdir(parents=True, exist_ok=True)
    settings = {
        "recipe": name,
        "size": list(size),
        "seed": seed,
        "ratio": None if limits is None else list(limits),
        "objects": None if objects is None else repr(objects) if named is None else str(Path(named)),
    }
    _claim(into, settings, count, overwrite)
    made = 0
    for k in range(count):
        path = mask_path(into, k)
        if not path.exists():
            hole = make(item_rng(seed, k)) if k else first
            with atomic(path) as file:
                Image.fromarray(hole).save(file, format="PNG")
            made += 1
        if progress is not None:
            progress(k + 1, count)
    return Written(made, count - made, _write_sheet(into, count))


def mask_path(folder: Path, k: int) -> Path:
    """Where mask `k` of a folder is."""
    return folder / f"{k:06d}.png"


def _claim(folder: Path, settings: dict[str, Any], count: int, overwrite: bool) -> None:
    """Make sure that every mask in the folder has these settings, and say so in its record."""
    record = folder / RECORD
    before = _read_record(record) if record.exists() else None
    there = before.pop("count") if before is not None else 0
    if before == settings and not overwrite:
        count = max(count, there)
    else:
        ours = [*(mask_path(folder, k) for k in range(max(count, there))), folder / SHEET]
        old = [path for path in ours if os.path.lexists(path)]
        if old and not overwrite:
            other = "of other settings" if before is not None else "that this command did not write"
            raise FileExistsError(
                f"folder: {str(folder)!r} holds {old[0].name} {other}; choose another, or replace it by overwrite=True"
            )
        # The old ones go first: a run that is stopped now must not leave them among the new ones.
        for path in old:
            path.unlink()
    with atomic(record, "w", overwrite=True) as file:
        json.dump(settings | {"count": count}, file, indent=1)


def _read_record(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
        content["count"] = checked_count("count", content["count"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"folder: its record {str(path)!r} is damaged; delete it or choose another folder") from error
    return dict(content)


def _write_sheet(folder: Path, count: int) -> Path:
    shown = range(min(count, SHOWN))
    picture = sheet([read_shape(mask_path(folder, k)) for k in shown], labels=[f"#{k}" for k in shown])
    with atomic(folder / SHEET, overwrite=True) as file:
        picture.save(file, format="PNG")
    return folder / SHEET
