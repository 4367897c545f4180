"""Small pictures for EXIF blocks, made from the new pixels."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from retouch.photo.colour import to_srgb
from retouch.photo.orient import stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from retouch.photo.photo import Photo

_SIDE = 160  # of a thumbnail whose old size is unknown


def thumbnail(photo: Photo, orientation: int) -> Callable[[tuple[int, int] | None, int], bytes]:
    """A function (size of the old thumbnail, room in bytes) -> JPEG of at most that many bytes.

    Args:
        photo: the photo.
        orientation: how its pixels will be stored.

    The function gives b"" where not even a poor picture fits.
    """

    def make(old: tuple[int, int] | None, room: int) -> bytes:
        side = min(max(old), 1024) if old else _SIDE
        small = picture(photo, orientation, side)
        for quality in (85, 70, 50, 30, 10):
            out = io.BytesIO()
            small.save(out, "JPEG", quality=quality)
            if out.tell() <= room:
                return out.getvalue()
        return b""

    return make


def picture(photo: Photo, orientation: int, side: int) -> Image.Image:
    """The photo as a small sRGB picture whose longer side is `side` pixels (or its own, if shorter)."""
    pixels = stored(photo.pixels, orientation)
    height, width = pixels.shape[:2]
    # Every pixel of a large photo need not be looked at for a thumbnail; four on each side of one are enough.
    step = max(1, max(height, width) // (4 * side))
    few = np.ascontiguousarray(pixels[::step, ::step])  # [h, w, C]
    small = Image.fromarray(np.rint(to_srgb(few, photo.source.icc) * 255).astype(np.uint8))
    scale = min(1.0, side / max(height, width))
    return small.resize((max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BOX)
