"""One pair of a photo and a mask, and the line of JSON that holds it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from retouch.data.categories import Category, category
from retouch.holes.check import checked_hole, checked_size
from retouch.holes.rle import compress, decode_rle, decompress, encode_rle

if TYPE_CHECKING:
    from retouch.holes.check import Size
    from retouch.methods.base import Masks


@dataclass(frozen=True)
class Pair:
    """A photo and the mask of one of its objects or regions.

    Attributes:
        image: the photo's file, relative to the folder of photos, "/" between folders.
        size: (height, width) of the photo in displayed orientation.
        counts: the mask as COCO's run-length text.
        category: what the mask covers.
        source: who says so, such as "panoptic" or "sam + clip".
        score: how sure the source is, 0 to 1; annotations: 1.
    """

    image: str
    size: Size
    counts: str
    category: Category
    source: str
    score: float

    def mask(self) -> Masks:
        """[H, W] bool, True = object or region; ValueError where the run-length code is damaged or of another size."""
        return decode_rle(self.counts, self.size)


def new_pair(image: str, mask: Masks, kind: Category, source: str, score: float = 1.0) -> Pair:
    """The pair of a photo and `mask` [H, W] bool, True = object; its size is the mask's."""
    height, width = checked_hole("mask", mask).shape
    return Pair(image, (height, width), compress(encode_rle(mask)), kind, source, round(float(score), 4))


def to_line(pair: Pair) -> str:
    """A line of JSON without its end: image, size, mask as COCO's tools read it, category, class, source, score."""
    mask = {"size": list(pair.size), "counts": pair.counts}
    row = {
        **{"image": pair.image, "size": list(pair.size), "mask": mask, "category": pair.category.name},
        **{"class": pair.category.role, "source": pair.source, "score": pair.score},
    }
    return json.dumps(row)  # ASCII: names of files may hold bytes that are no text


def from_line(line: str | bytes, where: str) -> Pair:
    """The pair of a line; the mask's code is looked at only by `Pair.mask`.

    Args:
        line: of JSON.
        where: names file and line in messages.

    Raises:
        ValueError: it is no JSON, an entry is missing or of another type, or class and category do not agree.
    """
    try:
        row: Any = json.loads(line)
        kind = category(_text(row, "category"))
        size = checked_size(row["size"])
        mask = row["mask"]
        if mask["size"] != list(size):
            raise ValueError(f"the mask is of size {mask['size']}; the photo has {list(size)} (height, width)")
        if row["class"] != kind.role:
            raise ValueError(f"class is {row['class']!r}; {kind.name!r} is {kind.role}")
        return Pair(_inside(_text(row, "image")), size, _text(mask, "counts"), kind, _text(row, "source"), _score(row))
    except (KeyError, TypeError) as error:
        raise ValueError(f"{where}: is no pair of photo and mask ({error})") from None
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def area_share(counts: str, size: Size) -> float:
    """The share of the photo that a mask covers, from its code alone."""
    return sum(decompress(counts)[1::2]) / (size[0] * size[1])


def _text(row: Any, name: str) -> str:
    if not isinstance(row[name], str) or not row[name]:
        raise TypeError(f"{name!r} is no text")
    return str(row[name])


def _inside(image: str) -> str:
    path = PurePosixPath(image)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"image {image!r} is outside the folder of photos")
    return image


def _score(row: Any) -> float:
    score = row["score"]
    if isinstance(score, bool) or not isinstance(score, int | float) or not (math.isfinite(score) and 0 <= score <= 1):
        raise TypeError("'score' is no number from 0 to 1")
    return float(score)
