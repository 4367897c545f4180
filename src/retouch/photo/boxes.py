"""What the boxes of an AVIF or HEIC file say about its main picture."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAMPLINGS = {(0, 0): "4:4:4", (1, 0): "4:2:2", (1, 1): "4:2:0"}
_CHROMA = {1: "4:2:0", 2: "4:2:2", 3: "4:4:4"}


@dataclass(frozen=True)
class Coding:
    """Bits per channel and chroma subsampling (None: grey or not known)."""

    bits: int = 8
    subsampling: str | None = None


def coding(content: bytes) -> Coding:
    """How the pictures are coded; the most bits and the finest sampling of all there are."""
    bits, samplings = 8, set()
    for name, data in _properties(content):
        if name == b"av1C" and len(data) >= 4:
            flags = data[2]
            bits = max(bits, (12 if flags & 0x20 else 10) if flags & 0x40 else 8)
            if not flags & 0x10:
                samplings.add(_SAMPLINGS.get((flags >> 3 & 1, flags >> 2 & 1)))
        elif name == b"hvcC" and len(data) >= 19:
            bits = max(bits, 8 + (data[17] & 7))
            samplings.add(_CHROMA.get(data[16] & 3))
    finest = sorted(one for one in samplings if one)
    return Coding(bits, finest[-1] if finest else None)


def size(content: bytes) -> tuple[int, int] | None:
    """(width, height) of the largest picture, before it is turned."""
    found = [
        struct.unpack_from(">II", data, 4) for name, data in _properties(content) if name == b"ispe" and len(data) >= 12
    ]
    return max(found, key=lambda one: one[0] * one[1]) if found else None


def _properties(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    for path in ((b"meta", b"iprp", b"ipco"),):
        inside: list[bytes] = [content]
        for name in path:
            inside = [
                data[4:] if found == b"meta" else data
                for outer in inside
                for found, data in _boxes(outer)
                if found == name
            ]
        for container in inside:
            yield from _boxes(container)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1 and at + 16 <= len(data):
            (length,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        length = length or len(data) - at
        if length < head:
            return
        yield name, data[at + head : at + length]
        at += length
