"""PNG files of palette indices, and of greys of few bits; Pillow chooses the depth of these itself."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from retouch.photo.chunks import SIGNATURE, encoded
from retouch.photo.photo import Chunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

GREY, PALETTE = 0, 3
_ROWS = 256  # packed at a time


def png(
    samples: NDArray[np.uint8], bits: int, kind: int, *, palette: bytes = b"", transparency: bytes | None = None
) -> bytes:
    """A PNG file.

    Args:
        samples: [H, W] numbers below 2 ** bits.
        bits: 1, 2, 4 or 8.
        kind: GREY or PALETTE.
        palette: three bytes per entry, for PALETTE.
        transparency: content of the tRNS chunk.
    """
    height, width = samples.shape
    pack = zlib.compressobj(6)
    data = b"".join(pack.compress(_rows(samples[y : y + _ROWS], bits)) for y in range(0, height, _ROWS))
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    parts = [Chunk(b"IHDR", header)]
    parts += [Chunk(b"PLTE", palette)] if kind == PALETTE else []
    parts += [Chunk(b"tRNS", transparency)] if transparency is not None else []
    parts += [Chunk(b"IDAT", data + pack.flush()), Chunk(b"IEND", b"")]
    return SIGNATURE + b"".join(encoded(part) for part in parts)


def _rows(samples: NDArray[np.uint8], bits: int) -> bytes:
    """Rows with their filter bytes: none, which is best for what is no gradient."""
    per_byte = 8 // bits
    height, width = samples.shape
    stride = -(-width // per_byte)
    padded = np.zeros((height, stride * per_byte), np.uint8)
    padded[:, :width] = samples
    packed = np.zeros((height, 1 + stride), np.uint8)  # [h, 1 + stride]
    for index in range(per_byte):
        packed[:, 1:] |= padded[:, index::per_byte] << np.uint8(8 - bits * (index + 1))
    return packed.tobytes()
