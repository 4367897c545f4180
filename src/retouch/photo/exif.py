"""Editing an EXIF block where it stands.

A rewritten block would break the offsets that makers' notes hold, so only the bytes that must change are changed.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retouch.photo.segments import end, find_picture

if TYPE_CHECKING:
    from collections.abc import Callable

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_ORIENTATION, _EXIF_IFD = 0x0112, 0x8769
_ROOM = 1 << 16  # bytes for a thumbnail where the format sets no limit
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 0x011A, 0x011B, 0x0128
_WIDTHS, _HEIGHTS = (0x0100, 0xA002), (0x0101, 0xA003)
_JPEG_START, _JPEG_LENGTH, _STRIP_STARTS, _STRIP_LENGTHS = 0x0201, 0x0202, 0x0111, 0x0117

DAMAGED = "the EXIF data is damaged and was copied as it was"
BLANKED = "the EXIF data is damaged; it was copied as it was, but for pictures in it, which were blanked"
PREVIEW = "the EXIF data (maker's note) held a preview of the photo as it was before; it was blanked"
NO_THUMBNAIL = "the thumbnail in the EXIF data could not be renewed; it was removed"


@dataclass(frozen=True)
class _Entry:
    """One entry of a directory: where it stands, its type, number of values, and where these stand."""

    at: int
    kind: int
    count: int
    data: int

    @property
    def length(self) -> int:
        return _SIZES.get(self.kind, 1) * self.count


class _Bytes:
    """Bytes being edited."""

    def __init__(self, block: bytes) -> None:
        self.bytes = bytearray(block)

    def blank(self, start: int, length: int) -> None:
        if start < 0 or length < 0 or start + length > len(self.bytes):
            raise struct.error("a picture lies outside the block")
        self.bytes[start : start + length] = bytes(length)


class _Block(_Bytes):
    """An EXIF block being edited; struct.error and IndexError mean that it is damaged."""

    def __init__(self, block: bytes) -> None:
        super().__init__(block)
        order = bytes(self.bytes[:4])
        if order not in (b"II*\0", b"MM\0*"):
            raise struct.error("no TIFF header")
        self.order = "<" if order[:1] == b"I" else ">"

    def number(self, form: str, at: int) -> int:
        return int(struct.unpack_from(self.order + form, self.bytes, at)[0])

    def directory(self, at: int) -> tuple[dict[int, _Entry], int]:
        """The entries of the directory at `at`, and where its link to the next one stands."""
        entries: dict[int, _Entry] = {}
        count = self.number("H", at)
        for here in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, number = self.number("H", here), self.number("H", here + 2), self.number("I", here + 4)
            length = _SIZES.get(kind, 1) * number
            data = here + 8 if length <= 4 else self.number("I", here + 8)
            if data + length > len(self.bytes):
                raise struct.error("a value lies outside the block")
            entries.setdefault(tag, _Entry(here, kind, number, data))
        link = at + 2 + 12 * count
        self.number("I", link)
        return entries, link

    def value(self, entry: _Entry, index: int = 0) -> int:
        form = {1: "B", 3: "H", 4: "I", 9: "i", 13: "I"}[entry.kind]
        return self.number(form, entry.data + index * _SIZES[entry.kind])

    def set_value(self, entry: _Entry, value: int) -> None:
        """Change a one-valued number in place; its type may become LONG when it does not fit."""
        if entry.kind == 3 and value > 0xFFFF:
            struct.pack_into(self.order + "H", self.bytes, entry.at + 2, 4)
            struct.pack_into(self.order + "I", self.bytes, entry.at + 8, value)
            return
        form = {1: "B", 3: "H", 4: "I", 9: "i", 13: "I"}[entry.kind]
        struct.pack_into(self.order + form, self.bytes, entry.data, value)


def orientation(block: bytes | None) -> int:
    """The EXIF orientation, 1 to 8; 1 where it is missing or cannot be read."""
    if not block:
        return 1
    try:
        inside = _Block(block)
        entries, _ = inside.directory(inside.number("I", 4))
        value = inside.value(entries[_ORIENTATION])
    except (struct.error, IndexError, KeyError):
        return 1
    return value if 1 <= value <= 8 else 1


def resolution(block: bytes | None) -> tuple[float, float] | None:
    """Pixels per inch (x, y), or None."""
    if not block:
        return None
    try:
        inside = _Block(block)
        entries, _ = inside.directory(inside.number("I", 4))
        pair = [
            inside.number("I", entries[tag].data) / inside.number("I", entries[tag].data + 4)
            for tag in (_X_RESOLUTION, _Y_RESOLUTION)
        ]
        unit = inside.value(entries[_RESOLUTION_UNIT]) if _RESOLUTION_UNIT in entries else 2
    except (struct.error, IndexError, KeyError, ZeroDivisionError):
        return None
    factor = {2: 1.0, 3: 2.54}.get(unit)
    return None if factor is None or min(pair) <= 0 else (pair[0] * factor, pair[1] * factor)


def readable(block: bytes) -> bool:
    """Whether all directories of the block can be followed."""
    try:
        inside = _Block(block)
        _directories(inside)
    except (struct.error, IndexError, KeyError):
        return False
    return True


def without_orientation(block: bytes) -> bytes:
    """The block without its orientation tag: some encoders would rewrite the whole block because of it."""
    try:
        inside = _Block(block)
        at = inside.number("I", 4)
        entries, link = inside.directory(at)
        if _ORIENTATION not in entries:
            return block
        here = entries[_ORIENTATION].at
        inside.bytes[here : link + 4] = inside.bytes[here + 12 : link + 4] + bytes(12)
        struct.pack_into(inside.order + "H", inside.bytes, at, inside.number("H", at) - 1)
    except (struct.error, IndexError, KeyError):
        return block
    return bytes(inside.bytes)


def edited(
    block: bytes,
    *,
    size: tuple[int, int],
    thumbnail: Callable[[tuple[int, int] | None, int], bytes],
    turn_up: bool,
    limit: int | None = None,
) -> tuple[bytes, list[str]]:
    """The block for changed pixels.

    Args:
        block: the EXIF data, starting at its TIFF header.
        size: (width, height) of the pixels as they will be stored.
        thumbnail: gives a JPEG of at most (size of the old one, number of bytes).
        turn_up: the pixels are stored upright now, so the orientation becomes 1.
        limit: the most bytes that the result may have.

    Returns:
        The new block and notes.
    """
    try:
        return _edited(_Block(block), size, thumbnail, turn_up, limit)
    except (struct.error, IndexError, KeyError, OverflowError):
        return _copied(block, turn_up)


def _copied(block: bytes, turn_up: bool) -> tuple[bytes, list[str]]:
    """A damaged block without the pictures in it; its orientation, if that much can be read, is made 1 on request."""
    inside = _Bytes(block)
    notes = [BLANKED] if _blank_pictures(inside) else [DAMAGED]
    if not turn_up:
        return bytes(inside.bytes), notes
    try:
        readable_part = _Block(bytes(inside.bytes))
        first, _ = readable_part.directory(readable_part.number("I", 4))
        readable_part.set_value(first[_ORIENTATION], 1)
    except (struct.error, IndexError, KeyError):
        return bytes(inside.bytes), notes
    return bytes(readable_part.bytes), notes


def _edited(
    inside: _Block,
    size: tuple[int, int],
    thumbnail: Callable[[tuple[int, int] | None, int], bytes],
    turn_up: bool,
    limit: int | None,
) -> tuple[bytes, list[str]]:
    notes = []
    first, exif, second, link = _directories(inside)
    for entries in (first, exif):
        for tags, value in ((_WIDTHS, size[0]), (_HEIGHTS, size[1])):
            for tag in tags:
                if tag in entries and entries[tag].count == 1:
                    inside.set_value(entries[tag], value)
    for entries in (first, second):
        if turn_up and _ORIENTATION in entries:
            inside.set_value(entries[_ORIENTATION], 1)
    thumb = _blank_thumbnail(inside, second)
    if _blank_pictures(inside):
        notes.append(PREVIEW)
    if thumb and not _renewed(inside, thumb, thumbnail, limit):
        struct.pack_into(inside.order + "I", inside.bytes, link, 0)
        notes.append(NO_THUMBNAIL)
    return bytes(inside.bytes), notes


def _directories(inside: _Block) -> tuple[dict[int, _Entry], dict[int, _Entry], dict[int, _Entry], int]:
    """Main, Exif and thumbnail directory, and where the link to the last stands."""
    first, link = inside.directory(inside.number("I", 4))
    exif: dict[int, _Entry] = {}
    if _EXIF_IFD in first:
        exif, _ = inside.directory(inside.value(first[_EXIF_IFD]))
    following = inside.number("I", link)
    second: dict[int, _Entry] = {}
    if following:
        second, _ = inside.directory(following)
    return first, exif, second, link


def _blank_pictures(inside: _Bytes) -> bool:
    """Blank all JPEG pictures in the block; they show what has been removed from the photo."""
    at, any_found = find_picture(inside.bytes), False
    while at >= 0:
        inside.blank(at, end(inside.bytes, at) - at)
        any_found = True
        at = find_picture(inside.bytes, at + 2)
    return any_found


@dataclass(frozen=True)
class _Thumbnail:
    """Where the old thumbnail stood; `entries` are None where it was not a JPEG and cannot be renewed."""

    entries: dict[int, _Entry] | None
    start: int = 0
    length: int = 0
    size: tuple[int, int] | None = None


def _blank_thumbnail(inside: _Block, entries: dict[int, _Entry]) -> _Thumbnail | None:
    """Blank the old thumbnail; None if there is none."""
    if _STRIP_STARTS in entries and _STRIP_LENGTHS in entries:
        starts, lengths = entries[_STRIP_STARTS], entries[_STRIP_LENGTHS]
        for index in range(min(starts.count, lengths.count)):
            inside.blank(inside.value(starts, index), inside.value(lengths, index))
        return _Thumbnail(None)
    if _JPEG_START not in entries or _JPEG_LENGTH not in entries:
        return None
    start, length = inside.value(entries[_JPEG_START]), inside.value(entries[_JPEG_LENGTH])
    size = _jpeg_size(bytes(inside.bytes[start : start + length]))
    inside.blank(start, length)
    return _Thumbnail(entries, start, length, size)


def _renewed(
    inside: _Block, old: _Thumbnail, thumbnail: Callable[[tuple[int, int] | None, int], bytes], limit: int | None
) -> bool:
    """Put a new JPEG where the old thumbnail was (or behind everything, if it is larger); False: none fits."""
    if old.entries is None:
        return False
    start, length = old.start, old.length
    last = start + length == len(inside.bytes)
    spare = _ROOM if limit is None else limit - len(inside.bytes) + (length if last else 0)
    new = thumbnail(old.size, max(spare, length))
    if len(new) > length:
        if last:
            del inside.bytes[start:]
        start = len(inside.bytes)
        inside.bytes += new
    else:
        inside.bytes[start : start + len(new)] = new
    inside.set_value(old.entries[_JPEG_START], start)
    inside.set_value(old.entries[_JPEG_LENGTH], len(new))
    return bool(new)


def _jpeg_size(picture: bytes) -> tuple[int, int] | None:
    """(width, height) of a small JPEG, from its frame header."""
    at = 2
    while at + 9 <= len(picture) and picture[at] == 0xFF:
        marker = picture[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", picture, at + 5)
            return (width, height) if width and height else None
        at += 2 + int(struct.unpack_from(">H", picture, at + 2)[0])
    return None
