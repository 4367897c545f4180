"""The segments of a JPEG file: what it says before, and besides, its pixels."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SOI, EOI, SOS, DQT, DRI, COM = 0xD8, 0xD9, 0xDA, 0xDB, 0xDD, 0xFE
APP0, APP1, APP2, APP11, APP13, APP14 = 0xE0, 0xE1, 0xE2, 0xEB, 0xED, 0xEE
EXIF = b"Exif\0\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
XMP_MORE = b"http://ns.adobe.com/xmp/extension/\0"
ICC = b"ICC_PROFILE\0"
PICTURES = b"MPF\0"
CREDENTIALS = "content credentials (C2PA) were left out: they do not hold for the changed photo"
LONGEST = 65533  # bytes of data in one segment
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class Segment:
    """One marker segment: its code (without 0xFF) and its data (without the length)."""

    code: int
    data: bytes

    def encoded(self) -> bytes:
        """The bytes of the segment in a file."""
        return b"\xff" + bytes([self.code]) + struct.pack(">H", len(self.data) + 2) + self.data

    @property
    def is_metadata(self) -> bool:
        """Whether it is an application's segment or a comment."""
        return 0xE0 <= self.code <= 0xEF or self.code == COM


@dataclass(frozen=True)
class Component:
    """One colour component: id, horizontal and vertical sampling, number of its quantisation table."""

    id: int
    across: int
    down: int
    table: int


@dataclass(frozen=True)
class Frame:
    """How a JPEG is encoded.

    Attributes:
        code: marker of the frame header (0xC0 baseline, 0xC2 progressive, 0xC9 arithmetic, ...).
        tables: quantisation tables by number, 64 numbers in zigzag order each.
        restart: MCUs between restart markers, 0 for none.
        adobe: colour transform of Adobe's segment (0 none, 1 YCbCr, 2 YCCK), None without one.
    """

    code: int
    bits: int
    width: int
    height: int
    components: tuple[Component, ...]
    tables: dict[int, tuple[int, ...]]
    restart: int
    adobe: int | None

    @property
    def progressive(self) -> bool:
        """Whether the scans refine each other."""
        return self.code in (0xC2, 0xC6, 0xCA, 0xCE)


@dataclass(frozen=True)
class Parts:
    """A JPEG file taken apart: segments up to the first scan, and where that scan starts."""

    segments: tuple[Segment, ...]
    scan: int


def split(content: bytes) -> Parts:
    """Take apart the head of a JPEG file.

    Raises:
        ValueError: it has no readable head.
    """
    found: list[Segment] = []
    at = 2
    while True:
        at = content.find(b"\xff", at)
        while 0 <= at < len(content) - 1 and content[at + 1] == 0xFF:
            at += 1
        if at < 0 or at + 4 > len(content):
            raise ValueError("the file ends before its pixels")
        code = content[at + 1]
        if code == SOS:
            return Parts(tuple(found), at)
        if code == EOI:
            raise ValueError("the file has no pixels")
        if code in (0, 1, SOI) or 0xD0 <= code <= 0xD7:
            at += 2
            continue
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if length < 2 or at + 2 + length > len(content):
            raise ValueError("the file ends before its pixels")
        found.append(Segment(code, content[at + 4 : at + 2 + length]))
        at += 2 + length


def frame(segments: Iterable[Segment]) -> Frame:
    """What the segments say about the encoding.

    Raises:
        ValueError: there is no frame header or a segment is damaged.
    """
    header: Segment | None = None
    tables: dict[int, tuple[int, ...]] = {}
    restart, adobe = 0, None
    try:
        for segment in segments:
            if segment.code in _FRAMES:
                header = header or segment
            elif segment.code == DQT:
                tables.update(_tables(segment.data))
            elif segment.code == DRI:
                restart = int(struct.unpack_from(">H", segment.data)[0])
            elif segment.code == APP14 and segment.data[:5] == b"Adobe" and len(segment.data) >= 12:
                adobe = segment.data[11]
        if header is None:
            raise ValueError("the file has no frame header")
        bits, height, width, count = struct.unpack_from(">BHHB", header.data)
        triples = [header.data[6 + 3 * index : 9 + 3 * index] for index in range(count)]
        components = tuple(Component(one[0], one[1] >> 4, one[1] & 15, one[2]) for one in triples)
    except (struct.error, IndexError) as error:
        raise ValueError("a segment of the file is damaged") from error
    return Frame(header.code, bits, width, height, components, tables, restart, adobe)


def _tables(data: bytes) -> dict[int, tuple[int, ...]]:
    found, at = {}, 0
    while at < len(data):
        wide, number = data[at] >> 4, data[at] & 15
        form = ">64H" if wide else ">64B"
        found[number] = struct.unpack_from(form, data, at + 1)
        at += 1 + struct.calcsize(form)
    return found


_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_PICTURE = re.compile(rb"\xff\xd8\xff[\xc0-\xfe]")


def end(content: bytes | bytearray, at: int) -> int:
    """Where the picture ends in whose segments or scans `at` stands: behind its end marker, or at the end."""
    while found := _MARKER.search(content, at):
        code = content[found.start() + 1]
        if code == EOI:
            return found.end()
        if code == SOI:
            at = found.end()
            continue
        at = found.end() + int.from_bytes(content[found.end() : found.end() + 2], "big")
    return len(content)


def find_picture(data: bytes | bytearray, at: int = 0) -> int:
    """Where the next JPEG picture starts inside other data; -1 for none."""
    found = _PICTURE.search(data, at)
    return found.start() if found else -1


def exif(segments: Iterable[Segment]) -> bytes | None:
    """The EXIF block, without its prefix."""
    blocks = [one.data[len(EXIF) :] for one in segments if one.code == APP1 and one.data.startswith(EXIF)]
    return blocks[0] if blocks else None


def xmp(segments: Iterable[Segment]) -> bytes | None:
    """The (main) XMP packet."""
    packets = [one.data[len(XMP) :] for one in segments if one.code == APP1 and one.data.startswith(XMP)]
    return packets[0] if packets else None


def icc(segments: Iterable[Segment]) -> bytes | None:
    """The ICC profile, joined from its numbered parts; None if there is none or a part is missing."""
    parts = [one.data[len(ICC) :] for one in segments if one.code == APP2 and one.data.startswith(ICC)]
    parts = sorted((part for part in parts if len(part) > 2), key=lambda part: part[0])
    if not parts or parts[0][1] != len(parts):
        return None
    return b"".join(part[2:] for part in parts)


def resolution(segments: Iterable[Segment]) -> tuple[float, float] | None:
    """Pixels per inch (x, y) as the JFIF segment says."""
    for one in segments:
        if one.code == APP0 and one.data.startswith(b"JFIF\0") and len(one.data) >= 12:
            unit, across, down = struct.unpack_from(">BHH", one.data, 7)
            factor = {1: 1.0, 2: 2.54}.get(unit)
            return (across * factor, down * factor) if factor and across and down else None
    return None


def comment(segments: Iterable[Segment]) -> bytes | None:
    """The first comment."""
    return next((one.data for one in segments if one.code == COM), None)


def has_more_pictures(segments: Iterable[Segment]) -> bool:
    """Whether an MPF index says that further pictures follow the first."""
    return any(one.code == APP2 and one.data.startswith(PICTURES) for one in segments)
