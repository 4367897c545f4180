"""Panoptic annotations as pairs: every segment is a mask, no labeller needed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retouch.data.lcg.annotated import check_size, photos_of
from retouch.data.lcg.labelling import Labelled, Limits, Problem, area_reason
from retouch.data.lcg.pair import Pair, new_pair
from retouch.holes.panoptic import PanopticImage, read_panoptic

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from retouch.data.categories import Category
    from retouch.holes.annotations import Segment


@dataclass(frozen=True)
class PanopticSource:
    """Photos with panoptic annotations.

    Attributes:
        folder: with the photos.
        images: the photo of each annotation, relative to `folder`.
        annotations: not decoded yet.
        categories: the file's category ids.
        limits: on area; annotations are not scored and do not overlap.
    """

    folder: Path
    images: tuple[str, ...]
    annotations: tuple[PanopticImage, ...]
    categories: Mapping[int, Category | None]
    limits: Limits
    name: str = "panoptic"

    def label(self, k: int) -> Labelled:
        """The segments of photo `k`; void belongs to none, crowds are left out."""
        image = self.images[k]
        try:
            segments = self.annotations[k].segments()
            if segments:
                height, width = segments[0].hole.shape
                check_size(self.folder, image, (height, width))
        except (OSError, ValueError) as error:
            return Labelled(problems=(Problem(image, str(error)),))
        dropped: Counter[str] = Counter()
        pairs: list[Pair] = []
        for segment in segments:
            category = self.categories.get(segment.category)
            reason = self._reason(segment)
            if reason is not None or category is None:
                dropped[reason or "of another category"] += 1
            else:
                pairs.append(new_pair(image, segment.hole, category, self.name))
        return Labelled(tuple(pairs), dropped)

    def _reason(self, segment: Segment) -> str | None:
        return "crowd" if segment.crowd else area_reason(segment.hole, self.limits)


def panoptic_source(
    photos: str | os.PathLike[str],
    annotations: str | os.PathLike[str],
    categories: Mapping[int, Category | None],
    limits: Limits,
    pngs: str | os.PathLike[str] | None = None,
) -> PanopticSource:
    """The photos that a panoptic file annotates.

    Args:
        photos: their folder.
        annotations: the JSON file.
        categories: its category ids.
        limits: on area.
        pngs: folder of the PNGs; None: the one beside the file with its name.

    Raises:
        OSError: a file or folder is missing, or the folder has none of the photos.
        ValueError: the file is damaged.
    """
    found = tuple(read_panoptic(annotations, pngs))
    images = photos_of(Path(photos), (image.png.name for image in found))
    return PanopticSource(Path(photos), images, found, categories, limits)
