"""Writing TIFF: the pixels are encoded first, then a directory with all tags of the source is put behind them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from retouch.photo import deep, tiffs
from retouch.photo.encoded import Encoded
from retouch.photo.metadata import left_out, metadata
from retouch.photo.photoshop import without_thumbnails
from retouch.photo.pil import image_of, natural_mode

if TYPE_CHECKING:
    from retouch.photo.metadata import Metadata
    from retouch.photo.photo import Photo, Tag

QUALITY = 95
# PNG and GIF have transparency without an alpha plane; TIFF has not.
_WITH_ALPHA = {"P": "RGBA", "RGB": "RGBA", "L": "LA", "1": "LA", "I;16": "LA;16", "RGB;16": "RGBA;16"}
_DEFAULT = "tiff_adobe_deflate"
_BITONAL = ("group3", "group4", "tiff_ccitt")
_COMPRESSIONS = ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "lzma", "zstd", *_BITONAL)
_SAME = {"tiff_jpeg": "jpeg", "tiff_deflate": "tiff_adobe_deflate", "tiff_raw_16": "raw"}
MAKER_NOTE = "the maker's note stands at another place of the TIFF now; offsets inside it may not hold"


def write_tiff(photo: Photo) -> Encoded:
    """The photo as a TIFF file."""
    notes: list[str] = []
    mode = _mode(photo, notes)
    compression = _compression(photo, mode, notes)
    if mode.endswith(";16") and mode != "I;16":
        plain = deep.encode_tiff(photo, compression, photo.source.predictor)
    else:
        plain = _encoded(photo, mode, compression, notes)
    if photo.source.format == "TIFF" and photo.source.bits not in (1, 8, 16):
        notes.append(f"the TIFF has {16 if mode.endswith(';16') else 8} bits per sample now, not {photo.source.bits}")
    notes += left_out(photo, "TIFF", {"EXIF data", "XMP data", "colour profile", "resolution"})
    said_of = metadata(photo)
    return Encoded(tiffs.with_tags(plain, _carried(photo, said_of, notes)), [*said_of.notes, *notes])


def _mode(photo: Photo, notes: list[str]) -> str:
    mode = natural_mode(photo)
    if photo.alpha is None or mode not in _WITH_ALPHA:
        return mode
    wanted = _WITH_ALPHA[mode]
    wanted = wanted if deep.available() else wanted.removesuffix(";16")
    notes.append(f"TIFF has no transparency for the mode {mode}; it is {wanted} now")
    return wanted


def _encoded(photo: Photo, mode: str, compression: str, notes: list[str]) -> bytes:
    image, said = image_of(photo, mode)
    notes += said
    options: dict[str, Any] = {"compression": compression}
    if compression == "jpeg":
        options["quality"] = QUALITY
    elif photo.source.predictor == 2 and compression in ("tiff_lzw", "tiff_adobe_deflate", "zstd"):
        options["tiffinfo"] = {317: 2}
    out = io.BytesIO()
    image.save(out, "TIFF", **options)
    return out.getvalue()


def _compression(photo: Photo, mode: str, notes: list[str]) -> str:
    if photo.source.format != "TIFF" or photo.source.compression is None:
        return _DEFAULT
    own = photo.source.compression
    name = _SAME.get(own, own)
    fits = name in _COMPRESSIONS and (name not in _BITONAL or mode == "1") and (name != "jpeg" or mode in _JPEG_MODES)
    if not fits:
        notes.append(f"the TIFF compression {own} cannot be written; it is {_DEFAULT} now")
        return _DEFAULT
    if name == "jpeg":
        notes.append(f"the JPEG data in the TIFF was encoded again as a whole, at quality {QUALITY}")
    return name


_JPEG_MODES = ("L", "RGB", "CMYK")


def _carried(photo: Photo, said: Metadata, notes: list[str]) -> list[Tag]:
    """The tags that the file gets besides its structure."""
    made: list[Tag] = []
    if said.exif:
        try:
            made += tiffs.tags(said.exif)
        except ValueError:
            notes.append("the EXIF data is damaged and was left out")
    if photo.source.format != "TIFF":
        made = [tag for tag in made if tag.number not in (tiffs.ORIENTATION, *_RESOLUTION)]
    numbers = {tag.number for tag in made}
    if photo.source.dpi and not numbers & set(_RESOLUTION):
        across, down = photo.source.dpi
        made += [tiffs.rational(tiffs.X_RESOLUTION, across), tiffs.rational(tiffs.Y_RESOLUTION, down)]
        made.append(tiffs.short(tiffs.RESOLUTION_UNIT, 2))
    if _has_maker_note(made):
        notes.append(MAKER_NOTE)
    for tag in photo.source.tags:
        if tag.number == tiffs.PHOTOSHOP:
            kept, removed = without_thumbnails(tag.data)
            made.append(tiffs.raw(tag.number, kept, tag.kind))
            notes += ["a thumbnail in Photoshop's data was left out"] if removed else []
        else:
            made.append(tag)
    if said.xmp:
        made.append(tiffs.raw(tiffs.XMP, said.xmp, 1))
    if photo.source.icc:
        made.append(tiffs.raw(tiffs.ICC, photo.source.icc))
    return made


_RESOLUTION = (tiffs.X_RESOLUTION, tiffs.Y_RESOLUTION, tiffs.RESOLUTION_UNIT)


def _has_maker_note(made: list[Tag]) -> bool:
    return any(tag.number == tiffs.MAKER_NOTE or _has_maker_note(list(tag.children)) for tag in made)
