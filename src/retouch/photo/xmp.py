"""Editing an XMP packet: what speaks of orientation, size and the photo as it was before."""

from __future__ import annotations

import re

_ORIENTATION = re.compile(rb"""(tiff:Orientation\s*(?:=\s*["']|>)\s*)[1-8](?=\s*["'<])""")
_WIDTH = re.compile(rb"""((?:tiff:ImageWidth|exif:PixelXDimension)\s*(?:=\s*["']|>)\s*)\d+""")
_HEIGHT = re.compile(rb"""((?:tiff:ImageLength|exif:PixelYDimension)\s*(?:=\s*["']|>)\s*)\d+""")
_THUMBNAILS = re.compile(rb"<((?:xmp|xap):Thumbnails)\b[^>]*>.*?</\1\s*>", re.DOTALL)

THUMBNAIL = "the XMP data held a thumbnail of the photo as it was before; it was removed"
_EMBEDDED = re.compile(rb"GImage:Data|GDepth:Data|GDepth:Confidence|xmpGImg:image")


def edited(packet: bytes, *, size: tuple[int, int], turn_up: bool) -> tuple[bytes, list[str]]:
    """The packet for changed pixels, and notes.

    Args:
        packet: XMP as UTF-8.
        size: (width, height) of the pixels as they will be stored.
        turn_up: the pixels are stored upright now, so tiff:Orientation becomes 1.
    """
    if turn_up:
        packet = _ORIENTATION.sub(rb"\g<1>1", packet)
    packet = _WIDTH.sub(rb"\g<1>%d" % size[0], packet)
    packet = _HEIGHT.sub(rb"\g<1>%d" % size[1], packet)
    packet, removed = _THUMBNAILS.subn(b"", packet)
    return packet, [THUMBNAIL] if removed else []


def holds_picture(packet: bytes) -> bool:
    """Whether the packet embeds a picture (a depth map, or the original of an edited photo)."""
    return bool(_EMBEDDED.search(packet))
