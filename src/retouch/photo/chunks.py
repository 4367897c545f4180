"""The chunks of a PNG file."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retouch.photo.photo import Chunk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP_KEY = b"XML:com.adobe.xmp"
# Chunks that say how the pixels are stored; a writer makes them anew.
_STRUCTURE = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"hIST"})
_MOST_TEXT = 1 << 24  # bytes that a compressed profile or packet may unfold to


@dataclass(frozen=True)
class Header:
    """The IHDR chunk; `kind`: 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGBA."""

    width: int
    height: int
    bits: int
    kind: int
    interlaced: bool


@dataclass(frozen=True)
class Place:
    """Where a chunk stands: its name, the start of its data and their length."""

    name: bytes
    start: int
    length: int


def places(content: bytes) -> Iterator[Place]:
    """All chunks of a file, as far as they are whole."""
    at = len(SIGNATURE)
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        name = content[at + 4 : at + 8]
        if at + 12 + length > len(content):
            return
        yield Place(name, at + 8, length)
        if name == b"IEND":
            return
        at += 12 + length


def header(content: bytes) -> Header:
    """The header of a PNG file.

    Raises:
        ValueError: it is missing or cut.
    """
    if len(content) < 33 or content[12:16] != b"IHDR":
        raise ValueError("the PNG header is damaged")
    width, height, bits, kind, _, _, interlaced = struct.unpack_from(">IIBBBBB", content, 16)
    return Header(width, height, bits, kind, bool(interlaced))


def carried(content: bytes) -> tuple[Chunk, ...]:
    """Every chunk that does not say how the pixels are stored, in order."""
    kept, after = [], False
    for place in places(content):
        after = after or place.name == b"IDAT"
        if place.name not in _STRUCTURE:
            kept.append(Chunk(place.name, content[place.start : place.start + place.length], after))
    return tuple(kept)


def pixels_only(content: bytes) -> list[bytes | memoryview]:
    """The file without what it says besides its pixels, in pieces."""
    view = memoryview(content)
    kept: list[bytes | memoryview] = [SIGNATURE]
    end = len(SIGNATURE)
    for place in places(content):
        end = place.start + place.length + 4
        if place.name in _STRUCTURE:
            kept.append(view[place.start - 8 : end])
    kept.append(view[end:])  # what is left of a cut file, so that the decoder sees that it is cut
    return kept


def encoded(chunk: Chunk) -> bytes:
    """The bytes of a chunk in a file."""
    check = zlib.crc32(chunk.data, zlib.crc32(chunk.name))
    return struct.pack(">I", len(chunk.data)) + chunk.name + chunk.data + struct.pack(">I", check)


def xmp(chunks: Iterable[Chunk]) -> bytes | None:
    """The XMP packet."""
    for chunk in chunks:
        if is_xmp(chunk):
            try:
                packed, rest = chunk.data[len(XMP_KEY) + 1], chunk.data[len(XMP_KEY) + 3 :]
                text = rest.split(b"\0", 2)[2]
                return _unpacked(text) if packed else text
            except (IndexError, zlib.error):
                return None
    return None


def is_xmp(chunk: Chunk) -> bool:
    """Whether the chunk holds the XMP packet."""
    return chunk.name == b"iTXt" and chunk.data.startswith(XMP_KEY + b"\0")


def xmp_chunk(packet: bytes) -> Chunk:
    """A chunk that holds an XMP packet."""
    return Chunk(b"iTXt", XMP_KEY + b"\0\0\0\0\0" + packet)


def icc(chunks: Iterable[Chunk]) -> bytes | None:
    """The ICC profile; None if there is none or it is damaged."""
    for chunk in chunks:
        if chunk.name == b"iCCP":
            try:
                return _unpacked(chunk.data[chunk.data.index(b"\0") + 2 :])
            except (ValueError, zlib.error):
                return None
    return None


def icc_chunk(profile: bytes) -> Chunk:
    """A chunk that holds an ICC profile."""
    return Chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile))


def resolution(chunks: Iterable[Chunk]) -> tuple[float, float] | None:
    """Pixels per inch (x, y)."""
    for chunk in chunks:
        if chunk.name == b"pHYs" and len(chunk.data) == 9 and chunk.data[8] == 1:
            across, down, _ = struct.unpack(">IIB", chunk.data)
            return across * 0.0254, down * 0.0254
    return None


def resolution_chunk(dpi: tuple[float, float]) -> Chunk:
    """A chunk that holds a resolution."""
    return Chunk(b"pHYs", struct.pack(">IIB", round(dpi[0] / 0.0254), round(dpi[1] / 0.0254), 1))


def exif(chunks: Iterable[Chunk]) -> bytes | None:
    """The EXIF block."""
    return next((chunk.data for chunk in chunks if chunk.name == b"eXIf"), None)


def is_animated(content: bytes) -> bool:
    """Whether it is an APNG of more than one frame."""
    for place in places(content):
        if place.name == b"acTL" and place.length >= 8:
            return int.from_bytes(content[place.start : place.start + 4], "big") > 1
        if place.name == b"IDAT":
            break
    return False


def _unpacked(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(data, _MOST_TEXT)
    if unpacker.unconsumed_tail:
        raise zlib.error("unfolds to too much")
    return text


def transparent_key(content: bytes) -> tuple[int, ...] | None:
    """The colour that stands for transparent in a file without alpha and palette."""
    for place in places(content):
        if place.name == b"tRNS" and place.length in (2, 6):
            data = content[place.start : place.start + place.length]
            return struct.unpack(f">{place.length // 2}H", data)
        if place.name == b"IDAT":
            break
    return None


def with_key(content: bytes, key: tuple[int, ...]) -> bytes:
    """The file with a colour that stands for transparent."""
    chunk = encoded(Chunk(b"tRNS", struct.pack(f">{len(key)}H", *key)))
    at = next(place.start - 8 for place in places(content) if place.name == b"IDAT")
    return content[:at] + chunk + content[at:]
