"""EXIF and XMP as they must be for changed pixels, for whatever format is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retouch.photo import exif, orient, xmp
from retouch.photo.chunks import is_xmp
from retouch.photo.thumbnail import thumbnail

if TYPE_CHECKING:
    from retouch.photo.photo import Photo

_TEXT = (b"tEXt", b"zTXt", b"iTXt")


@dataclass(frozen=True)
class Metadata:
    """What a file says about its photo besides its pixels; `notes` on what could not be kept."""

    exif: bytes | None
    xmp: bytes | None
    notes: tuple[str, ...]


def metadata(photo: Photo, *, orientation: int = 1, limit: int | None = None) -> Metadata:
    """EXIF and XMP for the photo as it is now.

    Args:
        photo: the photo.
        orientation: the pixels will be stored in this orientation; 1 is upright.
        limit: the most bytes that an EXIF block may have in this format.
    """
    source = photo.source
    if untouched(photo) and orientation == source.orientation:
        return Metadata(source.exif, source.xmp, ())
    size = photo.size[::-1] if orient.swaps(orientation) else photo.size
    turn_up = orientation == 1 and source.orientation != 1
    notes: list[str] = []
    block, packet = source.exif, source.xmp
    if block:
        block, said = exif.edited(
            block, size=size, thumbnail=thumbnail(photo, orientation), turn_up=turn_up, limit=limit
        )
        notes += said
    if packet:
        packet, said = xmp.edited(packet, size=size, turn_up=turn_up)
        notes += said
    return Metadata(block, packet, tuple(notes))


def left_out(photo: Photo, form: str, holds: set[str]) -> list[str]:
    """A note naming what the photo has and a file of format `form`, which holds `holds`, cannot have."""
    source = photo.source
    has_resolution = source.dpi is not None and exif.resolution(source.exif) is None
    has = {
        "EXIF data": source.exif,
        "XMP data": source.xmp,
        "colour profile": source.icc,
        "resolution": has_resolution,
        "comment": source.comment,
        "text": any(chunk.name in _TEXT and not is_xmp(chunk) for chunk in source.chunks),
    }
    lost = [name for name, what in has.items() if what and name not in holds]
    return [f"{form} cannot hold the {' and the '.join(lost)} of the photo; left out"] if lost else []


def untouched(photo: Photo) -> bool:
    """Whether the photo's pixels are those of its file."""
    same_size = photo.source.size == photo.size
    return same_size and (photo.changed is None or not np.any(photo.changed))
