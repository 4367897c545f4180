"""Which way of labelling a call asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retouch.data.lcg.annotated import contents
from retouch.data.lcg.instances import instance_source
from retouch.data.lcg.panoptic import panoptic_source
from retouch.data.lcg.photos import photo_source

if TYPE_CHECKING:
    import os

    from retouch.data.lcg.labelling import Limits, Scorer, Segmenter, Source


def source_of(
    photos: str | os.PathLike[str],
    *,
    segmenter: Segmenter,
    scorer: Scorer,
    limits: Limits,
    annotations: str | os.PathLike[str] | None = None,
    pngs: str | os.PathLike[str] | None = None,
) -> Source:
    """What `make_pairs` labels: the photos that a file annotates, or bare photos.

    Args:
        photos: their folder.
        segmenter: for bare photos, and for annotations that have boxes only.
        scorer: for bare photos, and for objects of categories that are none of the 137.
        limits: which masks are kept.
        annotations: a panoptic (COCO, COCONut) or instance (COCO, Objects365) JSON file; None: there is none.
        pngs: folder of a panoptic file's PNGs; None: the one beside it with its name.

    Raises:
        OSError: a file or folder is missing, or the folder has none of the photos.
        ValueError: the file is damaged or has none of the categories.
    """
    if annotations is None:
        if pngs is not None:
            raise ValueError("pngs: is given without annotations; accepted: beside a panoptic file only")
        return photo_source(photos, segmenter, scorer, limits)
    found = contents(annotations)
    if found.kind == "panoptic":
        return panoptic_source(photos, annotations, found.categories, limits, pngs)
    if pngs is not None:
        raise ValueError("pngs: is given with instance annotations; accepted: beside a panoptic file only")
    return instance_source(photos, annotations, found.categories, segmenter, scorer, limits)
