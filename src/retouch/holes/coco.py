"""COCO and COCONut instance files: polygons and run-length codes, compressed or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from retouch.holes.annotations import Segment, field, read_json
from retouch.holes.polygon import polygon_hole
from retouch.holes.rle import decode_rle

if TYPE_CHECKING:
    import os

    from retouch.holes.check import Size
    from retouch.methods.base import Masks


@dataclass(frozen=True)
class CocoImage:
    """One image and its annotations, not decoded yet.

    Attributes:
        id: of the image.
        file_name: as the file gives it.
        size: (height, width) in pixels.
        rows: the annotations as in the file.
    """

    id: int
    file_name: str
    size: Size
    rows: tuple[dict[str, Any], ...]

    def segments(self, crowds: bool = True) -> list[Segment]:
        """Its objects, in the file's order; with `crowds=False` without groups. Raises ValueError as `segment`."""
        return [segment(row, self.size) for row in self.rows if crowds or not row.get("iscrowd")]


def read_coco(path: str | os.PathLike[str]) -> tuple[CocoImage, ...]:
    """The images of an instance file, in its order, those without annotations too.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no JSON, not of this kind, or an annotation belongs to no image.
    """
    content = read_json(path, ("images", "annotations"))
    rows: dict[int, list[dict[str, Any]]] = {field(row, "id", int, path): [] for row in content["images"]}
    for row in content["annotations"]:
        image = field(row, "image_id", int, path)
        if image not in rows:
            raise ValueError(f"annotations: {str(path)!r}: an annotation is of image {image}, which is not listed")
        rows[image].append(row)
    return tuple(
        CocoImage(
            id=row["id"],
            file_name=field(row, "file_name", str, path),
            size=(field(row, "height", int, path), field(row, "width", int, path)),
            rows=tuple(rows[row["id"]]),
        )
        for row in content["images"]
    )


def segment(row: dict[str, Any], size: Size) -> Segment:
    """One annotation of an image of `size` (height, width), decoded.

    Raises:
        ValueError: its segmentation is damaged or of another size.
    """
    try:
        hole = segmentation_hole(row.get("segmentation"), size)
    except ValueError as error:
        raise ValueError(f"annotation {row.get('id')}: {error}") from error
    return Segment(int(row.get("category_id", 0)), hole, crowd=bool(row.get("iscrowd")))


def segmentation_hole(segmentation: Any, size: Size) -> Masks:
    """[H, W] bool of a segmentation: a list of polygons, or {"size": [height, width], "counts": list or text}.

    Raises:
        ValueError: it is neither, is damaged, or its size is not `size`.
    """
    if isinstance(segmentation, dict):
        stated = segmentation.get("size")
        if not isinstance(stated, list | tuple) or tuple(stated) != tuple(size):
            raise ValueError(f"segmentation: is of size {stated!r}; the image has {list(size)} (height, width)")
        return decode_rle(segmentation.get("counts"), size)
    if not isinstance(segmentation, list) or not segmentation:
        raise ValueError("segmentation: accepted is a list of polygons, or an object with size and counts")
    hole = np.zeros(size, bool)  # [H, W]
    for polygon in segmentation:
        hole |= polygon_hole(polygon, size)
    return hole
