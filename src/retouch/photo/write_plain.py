"""Writing BMP and GIF."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from retouch.photo.encoded import Encoded, Settings
from retouch.photo.metadata import left_out
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
    notes += left_out(photo, form, {"resolution"} if form == "BMP" else {"comment"})
    out = io.BytesIO()
    (_save_bmp if form == "BMP" else _save_gif)(photo, out, notes)
    return Encoded([out.getvalue()], notes)


def _save_bmp(photo: Photo, out: io.BytesIO, notes: list[str]) -> None:
    mode = natural_mode(photo).removesuffix(";16")
    mode = {"I": "L", "LA": "RGBA"}.get(mode, mode)
    if photo.alpha is not None and mode != "RGBA":
        notes.append(f"BMP has no transparency for the mode {mode}; it is RGBA now")
        mode = "RGBA"
    image, more = image_of(photo, mode)
    notes += more
    if mode == "RGBA":
        out.write(_bmp_with_alpha(image, photo.source.dpi))
        return
    image.info.pop("transparency", None)
    image.save(out, "BMP", **({"dpi": photo.source.dpi} if photo.source.dpi else {}))


def _bmp_with_alpha(image: Image.Image, dpi: tuple[float, float] | None) -> bytes:
    """A BMP whose header (version 4) says which bits are alpha; Pillow's own does not, so nobody would read them."""
    across, down = (round(one / 0.0254) for one in dpi or (0.0, 0.0))
    pixels = np.asarray(image)[::-1, :, [2, 1, 0, 3]].tobytes()  # rows upwards, BGRA
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    info = struct.pack("<IiiHHIIiiII", 108, *image.size, 1, 32, 3, len(pixels), across, down, 0, 0)
    header = info + struct.pack("<4I4s", *masks, b"BGRs") + bytes(48)
    return struct.pack("<2sIHHI", b"BM", 122 + len(pixels), 0, 0, 122) + header + pixels


def _save_gif(photo: Photo, out: io.BytesIO, notes: list[str]) -> None:
    mode = natural_mode(photo).removesuffix(";16")
    if mode in ("P", "1") or (mode == "L" and photo.source.key is None):
        image, more = image_of(photo, mode)
        if isinstance(image.info.get("transparency"), bytes):
            image = _quantised(photo)
            more = ["GIF has no partial transparency; what was less than half opaque is clear now"]
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
