"""COCO instance annotations as pairs: masks as they are, boxes through a segmenter."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retouch.data.lcg.annotated import check_size, photos_of
from retouch.data.lcg.labelling import Labelled, Limits, Problem, area_reason
from retouch.data.lcg.pair import Pair, new_pair
from retouch.data.lcg.photos import read_photo
from retouch.data.lcg.rows import Listing, read_instances
from retouch.data.lcg.select import best_category
from retouch.holes.coco import segment

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from retouch.data.categories import Category
    from retouch.data.lcg.labelling import Scorer, Segmenter
    from retouch.holes.check import Size
    from retouch.methods.base import Masks


@dataclass(frozen=True, eq=False)
class _Shape:
    """An annotation's category by the file, None for none of the 137, and its mask or else its box x0, y0, x1, y1."""

    category: Category | None
    mask: Masks | None
    box: tuple[float, float, float, float] | None


@dataclass(frozen=True)
class InstanceSource:
    """Photos with instance annotations.

    Attributes:
        folder: with the photos.
        images: the photo of each listed image, relative to `folder`.
        listing: images and annotations, not decoded yet.
        categories: the file's category ids; None: none of the 137, then the scorer tells.
        segmenter: makes masks of boxes.
        scorer: names what has another category.
        limits: which masks are kept.
    """

    folder: Path
    images: tuple[str, ...]
    listing: Listing
    categories: Mapping[int, Category | None]
    segmenter: Segmenter
    scorer: Scorer
    limits: Limits

    @property
    def name(self) -> str:
        """Names what makes masks of boxes and what names other categories."""
        return f"instances, {self.segmenter.name}, {self.scorer.name}"

    def label(self, k: int) -> Labelled:
        """The objects of photo `k`; crowds are left out, annotations that are damaged or outside it are problems."""
        image, annotated = self.images[k], self.listing.images[k]
        dropped: Counter[str] = Counter()
        # What belongs to no photo is told once, with the first.
        problems = list(self.listing.problems) if k == 0 else []
        shapes: list[_Shape] = []
        try:
            check_size(self.folder, image, annotated.size)
            pixels = read_photo(self.folder, image)  # [H, W, 3]
        except (OSError, ValueError) as error:
            return Labelled(problems=(*problems, Problem(image, str(error))))
        for row in annotated.rows:
            if row.get("iscrowd"):
                dropped["crowd"] += 1
                continue
            try:
                shapes.append(self._shape(row, annotated.size))
            except ValueError as error:
                problems.append(Problem(image, str(error)))
        pairs = self._pairs(image, pixels, shapes, dropped)
        return Labelled(tuple(pairs), dropped, tuple(problems))

    def _shape(self, row: dict[str, Any], size: Size) -> _Shape:
        number = row.get("category_id")
        if not isinstance(number, int):
            raise ValueError(f"annotation {row.get('id')}: its category_id is {number!r}; accepted: an integer")
        category = self.categories.get(number)
        if not row.get("segmentation"):
            return _Shape(category, None, box_of(row, size))
        mask = segment(row, size).hole
        if not mask.any():
            raise ValueError(f"annotation {row.get('id')}: covers no pixel of the photo")
        return _Shape(category, mask, None)

    def _pairs(self, image: str, pixels: NDArray[np.uint8], shapes: list[_Shape], dropped: Counter[str]) -> list[Pair]:
        boxes = np.array([shape.box for shape in shapes if shape.box is not None], np.float64).reshape(-1, 4)  # [n, 4]
        made = iter(self.segmenter.propose(pixels, boxes) if len(boxes) else [])
        pairs: list[Pair] = []
        for shape in shapes:
            mask = next(made) if shape.mask is None else shape.mask  # [H, W]
            source = "instances" if shape.mask is not None else f"box + {self.segmenter.name}"
            reason = area_reason(mask, self.limits)
            if reason is not None:
                dropped[reason] += 1
            elif shape.category is not None:
                pairs.append(new_pair(image, mask, shape.category, source))
            else:
                category, score = best_category(pixels, mask, self.scorer)
                if score < self.limits.score:
                    dropped["unsure"] += 1
                else:
                    pairs.append(new_pair(image, mask, category, f"{source} + {self.scorer.name}", score))
        return pairs


def instance_source(
    photos: str | os.PathLike[str],
    annotations: str | os.PathLike[str],
    categories: Mapping[int, Category | None],
    segmenter: Segmenter,
    scorer: Scorer,
    limits: Limits,
) -> InstanceSource:
    """The photos that an instance file lists. Arguments as `InstanceSource`.

    Raises:
        OSError: the file is missing, or the folder has none of the photos.
        ValueError: the file is none of this kind, or lists no image that can be used.
    """
    found = read_instances(annotations)
    images = photos_of(Path(photos), (image.file_name for image in found.images))
    return InstanceSource(Path(photos), images, found, categories, segmenter, scorer, limits)


def box_of(row: dict[str, Any], size: Size) -> tuple[float, float, float, float]:
    """The box x0, y0, x1, y1 of an annotation's x, y, width, height, cut off at the edges of the photo.

    Raises:
        ValueError: it has no box, no finite one, or one that lies outside.
    """
    what = f"annotation {row.get('id')}"
    try:
        x, y, w, h = (float(value) for value in row["bbox"])
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{what}: has neither segmentation nor a bbox of four numbers") from None
    if not all(map(math.isfinite, (x, y, w, h))):
        raise ValueError(f"{what}: its bbox {[x, y, w, h]} is not finite")
    x0, y0, x1, y1 = max(x, 0.0), max(y, 0.0), min(x + w, float(size[1])), min(y + h, float(size[0]))
    if x1 - x0 < 1 or y1 - y0 < 1:
        raise ValueError(f"{what}: its bbox {[x, y, w, h]} has no pixel in the photo of {size[1]}x{size[0]} (w x h)")
    return x0, y0, x1, y1
