"""Writing BMP and GIF."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from retouch.photo.encoded import Encoded, Settings
from retouch.photo.pil import image_of, natural_mode

if TYPE_CHECKING:
    from retouch.photo.photo import Photo


def write_plain(photo: Photo, settings: Settings) -> Encoded:
    """The photo as a BMP or GIF file."""
    form = settings.format
    if photo.pixels.shape[2] == 4:
        raise ValueError(f"format: {form} has no CMYK and the photo is CMYK; accepted: TIFF or JPEG")
    notes: list[str] = []
    if photo.source.bits == 16:
        notes.append(f"the photo has 16 bits per channel; {form} has 8")
    lost = [name for name, what in (("EXIF data", photo.source.exif), ("XMP data", photo.source.xmp)) if what]
    lost += ["colour profile"] if photo.source.icc else []
    if lost:
        notes.append(f"{form} cannot hold the {', '.join(lost)} of the photo; left out")
    out = io.BytesIO()
    (_save_bmp if form == "BMP" else _save_gif)(photo, out, notes)
    return Encoded([out.getvalue()], notes)


def _save_bmp(photo: Photo, out: io.BytesIO, notes: list[str]) -> None:
    mode = natural_mode(photo).removesuffix(";16")
    mode = {"I": "L", "LA": "RGBA"}.get(mode, mode)
    if photo.alpha is not None and mode in ("P", "L", "1", "RGB"):
        mode = "RGBA"
    image, more = image_of(photo, mode)
    image.info.pop("transparency", None)
    image.save(out, "BMP", **({"dpi": photo.source.dpi} if photo.source.dpi else {}))
    notes += more


def _save_gif(photo: Photo, out: io.BytesIO, notes: list[str]) -> None:
    mode = natural_mode(photo).removesuffix(";16")
    if mode in ("P", "1") or (mode == "L" and photo.source.key is None):
        image, more = image_of(photo, mode)
        notes += more
    elif mode == "L":
        image, _ = image_of(photo, "L")
    else:
        image = _quantised(photo)
        notes.append("GIF has 256 colours; the photo was reduced to them")
    options: dict[str, Any] = {"optimize": False, "interlace": int(photo.source.interlaced)}
    if "transparency" in image.info:
        options["transparency"] = image.info["transparency"]
    if photo.source.comment:
        options["comment"] = photo.source.comment
    image.save(out, "GIF", **options)


def _quantised(photo: Photo) -> Image.Image:
    image, _ = image_of(photo, "RGB" if photo.pixels.shape[2] == 3 else "L")
    image.info.pop("transparency", None)
    if photo.alpha is None:
        return image.convert("RGB").quantize(256)
    small = image.convert("RGB").quantize(255)
    indices = np.array(small)  # [H, W]
    indices[np.asarray(photo.alpha) < np.iinfo(photo.alpha.dtype).max // 2 + 1] = 255
    out = Image.fromarray(indices)
    colours = (small.getpalette("RGB") or [])[:765]
    out.putpalette(bytes(colours).ljust(768, b"\0"))
    out.info["transparency"] = 255
    return out
