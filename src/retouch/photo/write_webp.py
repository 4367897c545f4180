"""Writing WebP."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from retouch.photo.encoded import Encoded, Settings
from retouch.photo.metadata import left_out, metadata
from retouch.photo.pil import image_of

if TYPE_CHECKING:
    from retouch.photo.photo import Photo

QUALITY = 95
_MOST = 16383  # pixels per side

REENCODED = "the WebP was encoded again as a whole, at quality {}"


def write_webp(photo: Photo, settings: Settings) -> Encoded:
    """The photo as a WebP file."""
    notes: list[str] = []
    if max(photo.size) > _MOST:
        raise ValueError(f"format: WEBP holds at most {_MOST} pixels per side and the photo has {max(photo.size)}")
    if photo.pixels.shape[2] == 4:
        raise ValueError("format: WEBP has no CMYK and the photo is CMYK; accepted: TIFF or JPEG")
    same = photo.source.format == "WEBP"
    lossless = settings.lossless
    if lossless is None:
        lossless = photo.source.lossless and settings.quality is None if same else False
    image, more = image_of(photo, "RGB" if photo.alpha is None else "RGBA")
    image.info.pop("transparency", None)
    if photo.source.bits == 16:
        notes.append("the photo has 16 bits per channel; WebP has 8")
    if photo.source.mode in ("1", "L", "LA", "I;16", "P") and not same:
        notes.append("WebP has no grey and no palettes; the photo is stored in full colour")
    quality = settings.quality or QUALITY
    if same and not lossless:
        notes.append(REENCODED.format(quality))
    notes += left_out(photo, "WEBP", {"EXIF data", "XMP data", "colour profile"})
    said = metadata(photo)
    options: dict[str, Any] = {"lossless": lossless, "quality": 80 if lossless else quality, "exact": lossless}
    if said.exif:
        options["exif"] = said.exif
    if said.xmp:
        options["xmp"] = said.xmp
    if photo.source.icc:
        options["icc_profile"] = photo.source.icc
    out = io.BytesIO()
    image.save(out, "WEBP", method=4, **options)
    return Encoded([out.getvalue()], [*said.notes, *notes, *more])
