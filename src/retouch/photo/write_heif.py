"""Writing AVIF, and HEIC with the extra `heif`."""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from retouch.photo import exif, xmp
from retouch.photo.encoded import Encoded, Settings
from retouch.photo.metadata import left_out, metadata
from retouch.photo.pil import image_of

if TYPE_CHECKING:
    from retouch.photo.photo import Photo

QUALITY = 90


def write_heif(photo: Photo, settings: Settings) -> Encoded:
    """The photo as an AVIF or HEIC file."""
    form = settings.format
    if form == "HEIF" and find_spec("pillow_heif") is None:
        raise ValueError("format: HEIF needs the extra heif: pip install 'retouch[heif]'")
    if photo.pixels.shape[2] == 4:
        raise ValueError(f"format: {form} has no CMYK and the photo is CMYK; accepted: TIFF or JPEG")
    notes: list[str] = []
    mode = _mode(photo)
    image, more = image_of(photo, mode)
    image.info.pop("transparency", None)
    if photo.source.bits == 16:
        notes.append(f"the photo has 16 bits per channel; it is written as {form} with 8")
    quality = 100 if settings.lossless else settings.quality or QUALITY
    if settings.lossless:
        notes.append(f"{form} is written at quality 100, which is nearly but not exactly lossless")
    elif photo.source.format == form:
        notes.append(f"the {form} was encoded again as a whole, at quality {quality}")
    notes += left_out(photo, form, {"EXIF data", "XMP data", "colour profile"})
    said = metadata(photo)
    options: dict[str, Any] = {"quality": quality}
    if said.exif:
        # An orientation tag, even of 1, would make the encoder rewrite the block and break its offsets.
        options["exif"] = b"Exif\0\0" + exif.without_orientation(said.exif)
    if said.xmp:
        # The pixels are upright, and the HEIC encoder would turn them by what stands here.
        options["xmp"], _ = xmp.edited(said.xmp, size=photo.size, turn_up=True)
    if photo.source.icc:
        options["icc_profile"] = photo.source.icc
    out = io.BytesIO()
    if form == "AVIF":
        options["subsampling"] = _subsampling(photo, mode, quality)
        image.save(out, "AVIF", **options)
    else:
        _save_heic(image, out, options, _subsampling(photo, mode, quality))
    return Encoded([out.getvalue()], [*said.notes, *notes, *more])


def _mode(photo: Photo) -> str:
    if photo.pixels.shape[2] == 1:
        return "L" if photo.alpha is None else "LA"
    return "RGB" if photo.alpha is None else "RGBA"


def _subsampling(photo: Photo, mode: str, quality: int) -> str:
    if mode == "L":
        return "4:0:0"
    if quality == 100:
        return "4:4:4"
    if photo.source.subsampling and photo.source.format in ("AVIF", "HEIF"):
        return photo.source.subsampling
    return "4:4:4" if quality >= 90 else "4:2:0"


def _save_heic(image: Any, out: io.BytesIO, options: dict[str, Any], subsampling: str) -> None:
    import pillow_heif

    if image.mode == "LA":
        image = image.convert("RGBA")
    file = pillow_heif.from_pillow(image)
    chroma = {"4:4:4": 444, "4:2:2": 422, "4:2:0": 420}.get(subsampling)
    if chroma:
        options["chroma"] = chroma
    file.save(out, **options)
