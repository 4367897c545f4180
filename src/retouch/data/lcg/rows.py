"""The rows of an instance file, grouped by image: one that is damaged is left out and told, the others are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retouch.data.lcg.labelling import Problem
from retouch.holes.annotations import field, read_json
from retouch.holes.coco import CocoImage

if TYPE_CHECKING:
    import os


@dataclass(frozen=True)
class Listing:
    """What an instance file lists.

    Attributes:
        images: those that can be used, in the file's order, with their annotations, not decoded yet.
        problems: rows that are no image, and annotations that belong to none, by place in the file.
    """

    images: tuple[CocoImage, ...]
    problems: tuple[Problem, ...]


def read_instances(path: str | os.PathLike[str]) -> Listing:
    """Read an instance file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON, has no lists of images and annotations, or none of its images can be used.
    """
    content = read_json(path, ("images", "annotations"))
    images: dict[int, CocoImage] = {}
    problems: list[Problem] = []
    for place, row in enumerate(content["images"]):
        try:
            image = _image(row, path)
            if image.id in images:
                raise ValueError(f"annotations: {str(path)!r}: its id {image.id} is another image's already")
            images[image.id] = image
        except ValueError as error:
            problems.append(Problem(f"image {place} of the file", str(error)))
    if not images:
        first = problems[0].reason if problems else f"annotations: {str(path)!r} lists no image"
        raise ValueError(f"{first}; accepted: at least one image that can be used")
    rows: dict[int, list[dict[str, Any]]] = {number: [] for number in images}
    for row in content["annotations"]:
        number = row.get("image_id")
        if isinstance(number, int) and number in rows:
            rows[number].append(row)
        else:
            reason = f"annotation {row.get('id')}: its image_id is {number!r:.40}; accepted: the id of a listed image"
            problems.append(Problem("no photo", reason))
    kept = (CocoImage(each.id, each.file_name, each.size, tuple(rows[each.id])) for each in images.values())
    return Listing(tuple(kept), tuple(problems))


def _image(row: dict[str, Any], path: str | os.PathLike[str]) -> CocoImage:
    """An image without its annotations; ValueError where an entry is missing or of another type."""
    size = (field(row, "height", int, path), field(row, "width", int, path))
    return CocoImage(field(row, "id", int, path), field(row, "file_name", str, path), size, ())
