"""Reading WebP."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, cast

from PIL import WebPImagePlugin

from retouch.photo import exif
from retouch.photo.colour import readable
from retouch.photo.limits import Origin, Plain, decoding
from retouch.photo.photo import Photo, Source
from retouch.photo.planes import planes
from retouch.photo.read_jpeg import BAD_EXIF, BAD_PROFILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.ImageFile import ImageFile


def read_webp(content: bytes, origin: Origin) -> Photo:
    """Decode a WebP file; raises what `read` raises."""
    with decoding(origin):
        parts = {name: content[start : start + length] for name, start, length in reversed(list(_parts(content)))}
        origin.check_size(*_size(parts))
        if b"ANIM" in parts or b"ANMF" in parts:
            raise Plain("is an animation (WebP); accepted: still pictures")
        block = _bare(parts.get(b"EXIF"))
        turn = exif.orientation(block)
        image = cast("ImageFile", WebPImagePlugin.WebPImageFile(io.BytesIO(content), ""))
        image.load()
        found = planes(image, turn)
        image.close()
    profile = parts.get(b"ICCP") or None
    notes = []
    if profile and not readable(profile, found.pixels.shape[2]):
        notes.append(BAD_PROFILE)
    if block and not exif.readable(block):
        notes.append(BAD_EXIF)
    height, width = found.pixels.shape[:2]
    lossless = b"VP8L" in parts
    source = Source(
        format="WEBP",
        mode=found.mode,
        icc=profile,
        size=(width, height),
        orientation=turn,
        exif=block,
        xmp=parts.get(b"XMP ") or None,
        dpi=exif.resolution(block),
        content=None if lossless else content,
        lossless=lossless,
    )
    return Photo(found.pixels, found.alpha, source, tuple(notes))


def _parts(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and length of each RIFF chunk."""
    at = 12
    while at + 8 <= len(content):
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        yield content[at : at + 4], at + 8, length
        at += 8 + length + length % 2


def _size(parts: dict[bytes, bytes]) -> tuple[int, int]:
    if b"VP8X" in parts:
        data = parts[b"VP8X"]
        return int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
    if b"VP8L" in parts:
        (bits,) = struct.unpack_from("<I", parts[b"VP8L"], 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    across, down = struct.unpack_from("<HH", parts[b"VP8 "], 6)
    return across & 0x3FFF, down & 0x3FFF


def _bare(block: bytes | None) -> bytes | None:
    return block[6:] if block and block.startswith(b"Exif\0\0") else block or None
