"""What the readers of COCO, COCONut and panoptic annotations share: segments, and a JSON file that may be damaged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from retouch.holes.check import Size
    from retouch.methods.base import Masks


@dataclass(frozen=True, eq=False)
class Segment:
    """One object or region of an annotated image.

    Attributes:
        category: its category's id.
        hole: [H, W] bool, True on the object.
        crowd: a group that was not taken apart.
        thing: a countable object, not a stretch of sky or grass.
    """

    category: int
    hole: Masks
    crowd: bool = False
    thing: bool = True


def foreground(segments: Iterable[Segment], size: Size) -> Masks:
    """[H, W] bool, True on every thing, crowds included: what must not be asked for in background completion."""
    covered = np.zeros(size, bool)  # [H, W]
    for segment in segments:
        if segment.thing:
            covered |= segment.hole
    return covered


def read_json(path: str | os.PathLike[str], lists: tuple[str, ...]) -> dict[str, Any]:
    """The object in an annotation file, which must have these lists of objects.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON, or a list is missing.
    """
    try:
        content = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"annotations: {str(path)!r} is not readable as JSON ({error})") from error
    for name in lists:
        rows = content.get(name) if isinstance(content, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError(f"annotations: {str(path)!r} has no list {name!r}; it is not a file of this kind")
    return dict(content)


def field(row: dict[str, Any], name: str, kind: type, path: object) -> Any:
    """The entry `name` of `row`, which must be a `kind`; else ValueError that names the file."""
    value = row.get(name)
    if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
        shown = repr(value)[:40]
        raise ValueError(f"annotations: {str(path)!r}: {name!r} is {shown}; accepted: {kind.__name__}")
    return value
