"""Photoshop's image resources: a list of blocks, two of which are thumbnails."""

from __future__ import annotations

import struct

_THUMBNAILS = (1033, 1036)


def without_thumbnails(resources: bytes) -> tuple[bytes, bool]:
    """The resources without thumbnails, and whether there were any; what cannot be followed is kept as it is."""
    kept, at, removed = b"", 0, False
    while at + 12 <= len(resources) and resources[at : at + 4] == b"8BIM":
        (number,) = struct.unpack_from(">H", resources, at + 4)
        name = 1 + resources[at + 6]
        start = at + 6 + name + name % 2
        if start + 4 > len(resources):
            break
        (length,) = struct.unpack_from(">I", resources, start)
        end = start + 4 + length + length % 2
        if number in _THUMBNAILS:
            removed = True
        else:
            kept += resources[at:end]
        at = end
    return kept + resources[at:], removed
