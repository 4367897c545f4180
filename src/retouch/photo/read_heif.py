"""Reading AVIF, and HEIC with the extra `heif`."""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

from retouch.photo import boxes, exif
from retouch.photo.colour import readable
from retouch.photo.limits import Origin, Plain, decoding, quiet
from retouch.photo.photo import Photo, Source
from retouch.photo.planes import planes
from retouch.photo.read_jpeg import BAD_EXIF, BAD_PROFILE

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile


def read_heif(content: bytes, form: str, origin: Origin) -> Photo:
    """Decode an AVIF or HEIC file; raises what `read` raises."""
    with decoding(origin), quiet():
        notes: list[str] = []
        image = _avif(content, origin) if form == "AVIF" else _heic(content, origin, notes)
        block = _bare(image.info.get("exif"))
        turn = exif.orientation(block)
        # Pillow tells by the EXIF data how AVIF pixels must be turned; those of HEIC come turned, whatever it says.
        found = planes(image, turn if form == "AVIF" else 1)
        info = dict(image.info)
        image.close()
        coding = boxes.coding(content)
    if coding.bits > 8:
        notes.append(f"the {form} has {coding.bits} bits per channel; it was read with 8")
    profile = info.get("icc_profile") or None
    if profile and not readable(profile, found.pixels.shape[2]):
        notes.append(BAD_PROFILE)
    if block and not exif.readable(block):
        notes.append(BAD_EXIF)
    height, width = found.pixels.shape[:2]
    xmp = info.get("xmp") or None
    source = Source(
        format=form,
        mode=found.mode,
        icc=profile,
        size=(width, height),
        orientation=turn,
        exif=block,
        xmp=xmp if isinstance(xmp, bytes) else None,
        dpi=exif.resolution(block),
        content=content,
        bits=8,
        lossless=False,
        subsampling=coding.subsampling,
    )
    return Photo(found.pixels, found.alpha, source, tuple(notes))


def _avif(content: bytes, origin: Origin) -> Image.Image:
    from PIL import AvifImagePlugin

    if not AvifImagePlugin.SUPPORTED:
        raise Plain("is AVIF, which this build of Pillow cannot read; accepted: JPEG, PNG, WebP, TIFF, BMP")
    size = boxes.size(content)
    if size:
        origin.check_size(*size)
    image = cast("ImageFile", AvifImagePlugin.AvifImageFile(io.BytesIO(content), ""))
    origin.check_size(*image.size)
    if getattr(image, "is_animated", False):
        raise Plain("is an animation (AVIF); accepted: still pictures")
    image.load()
    return image


def _heic(content: bytes, origin: Origin, notes: list[str]) -> Image.Image:
    if find_spec("pillow_heif") is None:
        raise Plain("is HEIC, which needs the extra heif: pip install 'retouch[heif]'")
    import pillow_heif

    file = pillow_heif.open_heif(io.BytesIO(content), convert_hdr_to_8bit=True)
    primary = file[file.primary_index]
    origin.check_size(*primary.size)
    if len(file) > 1:
        notes.append("the HEIC file holds more than one picture; only the main one was read")
    return primary.to_pillow()


def _bare(block: object) -> bytes | None:
    if not isinstance(block, bytes) or not block:
        return None
    return block[6:] if block.startswith(b"Exif\0\0") else block
