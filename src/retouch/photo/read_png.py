"""Reading PNG."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PIL import PngImagePlugin

from retouch.photo import chunks, exif
from retouch.photo.colour import readable
from retouch.photo.limits import Origin, Plain, decoding
from retouch.photo.photo import Photo, Source
from retouch.photo.planes import Planes, planes
from retouch.photo.read_jpeg import BAD_EXIF, BAD_PROFILE
from retouch.photo.streams import joined

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile


def read_png(content: bytes, origin: Origin) -> Photo:
    """Decode a PNG file; raises what `read` raises."""
    with decoding(origin):
        header = chunks.header(content)
        origin.check_size(header.width, header.height)
        if chunks.is_animated(content):
            raise Plain("is an animation (APNG); accepted: still pictures")
        carried = chunks.carried(content)
        block = chunks.exif(carried)
        turn = exif.orientation(block)
        if header.bits == 16 and header.kind != 0:
            from retouch.photo.deep import decode_png

            found = decode_png(content, header, turn)
        else:
            found = _decoded(content, header.bits, turn)
    profile = chunks.icc(carried)
    notes = []
    if (profile or any(one.name == b"iCCP" for one in carried)) and not (
        profile and readable(profile, found.pixels.shape[2])
    ):
        notes.append(BAD_PROFILE)
    if block and not exif.readable(block):
        notes.append(BAD_EXIF)
    height, width = found.pixels.shape[:2]
    source = Source(
        format="PNG",
        mode=found.mode,
        icc=profile,
        size=(width, height),
        orientation=turn,
        exif=block,
        xmp=chunks.xmp(carried),
        dpi=chunks.resolution(carried),
        palette=found.palette,
        indices=found.indices,
        key=found.key,
        bits=header.bits,
        interlaced=header.interlaced,
        chunks=carried,
    )
    return Photo(found.pixels, found.alpha, source, tuple(notes))


def _decoded(content: bytes, bits: int, turn: int) -> Planes:
    # Pillow sees pixels only: text that unfolds to too much would make it refuse the photo.
    image = cast("ImageFile", PngImagePlugin.PngImageFile(joined(chunks.pixels_only(content)), ""))
    image.load()
    key = chunks.transparent_key(content)
    if image.mode != "P" and key is not None:
        # Pillow spreads greys of few bits over 0..255, but not (in all versions) the transparent one.
        spread = tuple(one * 255 // ((1 << bits) - 1) for one in key) if bits < 8 else key
        image.info["transparency"] = spread if len(spread) > 1 else spread[0]
    found = planes(image, turn)
    image.close()
    return found
