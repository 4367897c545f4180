"""Panoptic annotations: a PNG whose colours are segment numbers, and a JSON file that says what they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from retouch.holes.annotations import Segment, field, read_json

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from retouch.methods.base import Masks

VOID = 0


@dataclass(frozen=True)
class PanopticImage:
    """One image's annotation, not decoded yet.

    Attributes:
        id: of the image.
        png: the file of segment numbers.
        rows: what is known of each segment, as in the JSON file.
        stuff: ids of categories that are not things.
    """

    id: int
    png: Path
    rows: tuple[dict[str, Any], ...]
    stuff: frozenset[int]

    def segments(self, crowds: bool = True) -> list[Segment]:
        """Its segments, in the file's order; with `crowds=False` without groups. Void belongs to none.

        Raises:
            OSError: the PNG is missing.
            ValueError: the PNG is damaged, or its numbers are not those of the JSON file.
        """
        numbers = read_numbers(self.png)
        known = [field(row, "id", int, self.png) for row in self.rows]
        odd = (set(np.unique(numbers).tolist()) - {VOID}) ^ set(known)
        if odd:
            raise ValueError(f"panoptic: {str(self.png)!r}: segment {min(odd)} is only in one of PNG and JSON")
        return [
            Segment(
                category=field(row, "category_id", int, self.png),
                hole=numbers == number,
                crowd=bool(row.get("iscrowd")),
                thing=row["category_id"] not in self.stuff,
            )
            for row, number in zip(self.rows, known, strict=True)
            if crowds or not row.get("iscrowd")
        ]

    def void(self) -> Masks:
        """[H, W] bool, True where nobody said what there is. Raises as `segments`."""
        unknown: Masks = read_numbers(self.png) == VOID
        return unknown


def read_panoptic(path: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None) -> list[PanopticImage]:
    """The images of a panoptic file, in its order.

    Args:
        path: the JSON file.
        folder: where the PNGs are; None: the folder beside it with the same name, as COCO's archives unpack.

    Raises:
        OSError: the file or the folder is missing.
        ValueError: the file is no JSON or not of this kind.
    """
    pngs = Path(path).with_suffix("") if folder is None else Path(folder)
    content = read_json(path, ("annotations", "categories"))
    if not pngs.is_dir():
        raise FileNotFoundError(f"folder: {str(pngs)!r} with the PNGs of {str(path)!r} does not exist")
    stuff = frozenset(field(row, "id", int, path) for row in content["categories"] if not row.get("isthing", 1))
    images = []
    for row in content["annotations"]:
        infos = field(row, "segments_info", list, path)
        if not all(isinstance(info, dict) for info in infos):
            raise ValueError(f"annotations: {str(path)!r}: 'segments_info' is not a list of objects")
        png = pngs / field(row, "file_name", str, path)
        images.append(PanopticImage(field(row, "image_id", int, path), png, tuple(infos), stuff))
    return images


def read_numbers(path: str | os.PathLike[str]) -> NDArray[np.int32]:
    """[H, W] segment numbers of a panoptic PNG: red + 256 green + 65536 blue; 0 is void.

    Raises:
        OSError: the file is missing.
        ValueError: it is no PNG, damaged, or not RGB.
    """
    try:
        with Image.open(path, formats=["PNG"]) as image:
            if image.mode not in ("RGB", "RGBA"):
                raise ValueError(f"panoptic: {str(path)!r} is of mode {image.mode}; accepted: RGB")
            rgb = np.asarray(image.convert("RGB")).astype(np.int32)  # [H, W, 3]
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError) as error:
        raise ValueError(f"panoptic: {str(path)!r} is not a readable PNG ({error})") from error
    numbers: NDArray[np.int32] = rgb @ np.array([1, 256, 65536], np.int32)  # [H, W]
    return numbers
