"""Directories of TIFF files and EXIF blocks: taking tags out of one file and putting them into another."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retouch.photo.photo import Tag

if TYPE_CHECKING:
    from collections.abc import Iterable

EXIF_IFD, GPS_IFD, INTEROP_IFD, SUB_IFDS = 34665, 34853, 40965, 330
SUBFILE, ORIENTATION, XMP, ICC, IPTC, PHOTOSHOP, LAYERS, DNG = 254, 274, 700, 34675, 33723, 34377, 37724, 50706
MAKER_NOTE = 37500
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
# How pixels are stored; a writer makes these anew.
STRUCTURE = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 277, 278, 279, 280, 281, 284, 288, 289, 290, 291}
    | {292, 293, 317, 320, 321, 322, 323, 324, 325, 326, 327, 328, 330, 338, 339, 340, 341, 342, 347, 529, 530, 531}
    | {532, *range(512, 522)}
)
_POINTERS = frozenset({EXIF_IFD, GPS_IFD, INTEROP_IFD})
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_ITEMS = {3: 2, 8: 2, 4: 4, 5: 4, 9: 4, 10: 4, 11: 4, 13: 4, 12: 8, 16: 8, 17: 8, 18: 8}
_DEEPEST = 3


def tags(block: bytes, *, strict: bool = True) -> tuple[Tag, ...]:
    """The tags of the first directory of a TIFF file (also BigTIFF) or EXIF block.

    Args:
        block: the file or block.
        strict: refuse a directory with any damaged tag; otherwise such tags are left out.

    Raises:
        ValueError: it is damaged.
    """
    try:
        order = {b"II": "<", b"MM": ">"}[block[:2]]
        big = struct.unpack_from(order + "H", block, 2)[0] == 43
        at = struct.unpack_from(order + ("Q" if big else "I"), block, 8 if big else 4)[0]
        return _Reader(block, order, big, strict).directory(at, 0)
    except (struct.error, KeyError) as error:
        raise ValueError("the TIFF directory is damaged") from error


def has_more_pages(file: bytes) -> bool:
    """Whether a second directory follows the first."""
    try:
        order = {b"II": "<", b"MM": ">"}[file[:2]]
        big = struct.unpack_from(order + "H", file, 2)[0] == 43
        form, count, head, step = ("Q", "Q", 8, 20) if big else ("I", "H", 2, 12)
        (at,) = struct.unpack_from(order + form, file, 8 if big else 4)
        (entries,) = struct.unpack_from(order + count, file, at)
        return bool(struct.unpack_from(order + form, file, at + head + step * entries)[0])
    except (struct.error, KeyError):
        return False


def block_of(first: Iterable[Tag]) -> bytes:
    """An EXIF block (little-endian) of these tags."""
    return struct.pack("<2sHI", b"II", 42, 8) + _packed(first, 8)


def with_tags(file: bytes, carried: Iterable[Tag]) -> list[bytes]:
    """The pieces of a TIFF file that has its own structure and pixels, and the carried tags besides.

    Args:
        file: a little-endian classic TIFF file of one picture.
        carried: tags to add; they replace the file's own of the same number, except for its structure.
    """
    own = {tag.number: tag for tag in tags(file)}
    more = {tag.number: tag for tag in carried if tag.number not in STRUCTURE}
    padding = b"\0" * (len(file) % 2)
    at = len(file) + len(padding)
    directory = _packed((own | more).values(), at)
    return [file[:4] + struct.pack("<I", at), file[8:], padding, directory]


def values(tag: Tag) -> tuple[int, ...]:
    """The values of a tag of whole numbers; none for others."""
    form = {1: "B", 3: "H", 4: "I", 16: "Q"}.get(tag.kind)
    return struct.unpack(f"<{tag.count}{form}", tag.data) if form else ()


def value(tag: Tag) -> int:
    """The first value of a tag of whole numbers; 0 for others."""
    return next(iter(values(tag)), 0)


def short(number: int, content: int) -> Tag:
    """A tag of one SHORT."""
    return Tag(number, 3, 1, struct.pack("<H", content))


def rational(number: int, content: float) -> Tag:
    """A tag of one RATIONAL, to four places."""
    return Tag(number, 5, 1, struct.pack("<II", round(content * 10000), 10000))


def raw(number: int, content: bytes, kind: int = 7) -> Tag:
    """A tag of bytes."""
    return Tag(number, kind, len(content), content)


@dataclass(frozen=True)
class _Reader:
    """A file or block, its byte order and whether its offsets are of 8 bytes."""

    block: bytes
    order: str
    big: bool
    strict: bool

    def directory(self, at: int, depth: int) -> tuple[Tag, ...]:
        step, head = (20, 8) if self.big else (12, 2)
        (count,) = struct.unpack_from(self.order + ("Q" if self.big else "H"), self.block, at)
        found = []
        for here in range(at + head, at + head + step * min(count, 4096), step):
            try:
                found.append(self._tag(here, depth))
            except struct.error:
                if self.strict:
                    raise
        return tuple(tag for tag in found if tag.data or tag.children)

    def _tag(self, here: int, depth: int) -> Tag:
        number, kind, count = struct.unpack_from(self.order + ("HHQ" if self.big else "HHI"), self.block, here)
        room = 8 if self.big else 4
        start = here + (12 if self.big else 8)
        (offset,) = struct.unpack_from(self.order + ("Q" if self.big else "I"), self.block, start)
        if number in _POINTERS:
            inside = self.directory(offset, depth + 1) if depth < _DEEPEST and count == 1 else ()
            return Tag(number, 4, 1, b"", inside)
        size = _SIZES.get(kind, 1) * count
        start = start if size <= room else offset
        if start + size > len(self.block):
            raise struct.error("a value lies outside the file")
        return Tag(number, kind, count, _little(self.block[start : start + size], kind, self.order))


def _little(data: bytes, kind: int, order: str) -> bytes:
    item = _ITEMS.get(kind, 1)
    if order == "<" or item == 1:
        return data
    return b"".join(data[at : at + item][::-1] for at in range(0, len(data), item))


def _packed(content: Iterable[Tag], at: int) -> bytes:
    """A directory as it stands at byte `at`, followed by what its tags hold or point to."""
    ordered = sorted({tag.number: tag for tag in content}.values(), key=lambda tag: tag.number)
    entries, behind = b"", b""
    start = at + 2 + 12 * len(ordered) + 4
    for tag in ordered:
        where = start + len(behind)
        if tag.children:
            behind += _packed(tag.children, where)
            field = struct.pack("<I", where)
        elif len(tag.data) <= 4:
            field = tag.data.ljust(4, b"\0")
        else:
            behind += tag.data
            field = struct.pack("<I", where)
        behind += b"\0" * (len(behind) % 2)
        entries += struct.pack("<HHI", tag.number, tag.kind, tag.count) + field
    return struct.pack("<H", len(ordered)) + entries + struct.pack("<I", 0) + behind
