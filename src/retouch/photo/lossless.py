"""Changing a JPEG file only where its pixels changed (extra `jpeg`).

All blocks that no changed pixel touches keep their coefficients; the others are transformed here from the new pixels
with the file's own quantisation tables.
"""

from __future__ import annotations

import math
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from retouch.photo.segments import APP0, APP14, Segment, split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.photo.segments import Frame, Parts

# The builds of libjpeg inside jpeglib that write one scan, and that write progressive scans by default.
_SEQUENTIAL, _PROGRESSIVE = "turbo210", "mozjpeg403"
# The choice of a build belongs to the whole process.
_LOCK = threading.Lock()
_BATCH = 4096  # blocks transformed at a time
# Rows of Y, Cb, Cr as JFIF defines them from R, G, B in 0..255; 128 is subtracted from every sample anyway.
_YCC = np.array(
    [[0.299, 0.587, 0.114], [-0.168735892, -0.331264108, 0.5], [0.5, -0.418687589, -0.081312411]], np.float32
)
_OFFSET = np.array([-128, 0, 0], np.float32)


class Unsuited(Exception):
    """Why this file cannot be changed block by block, in words for the user."""


class _Uncopied(np.ndarray[Any, Any]):
    """An array that is not copied when it is cast to its own type, as jpeglib does with every component."""

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        return self if self.dtype == dtype else super().astype(dtype, *args, **kwargs)


def available() -> bool:
    """Whether the extra `jpeg` is installed."""
    return find_spec("jpeglib") is not None


def rewritten(
    content: bytes, parts: Parts, frame: Frame, pixels: NDArray[np.uint8], changed: NDArray[np.bool_]
) -> bytes:
    """The JPEG file with new blocks where pixels changed, without its metadata.

    Args:
        content: the file.
        parts: where its segments are.
        frame: how it is encoded.
        pixels: [H, W, C] as stored, C = 1 or 3.
        changed: [H, W] as stored.

    Raises:
        Unsuited: the file is encoded in a way that cannot be handled.
    """
    channels = len(frame.components)
    if channels not in (1, 3) or pixels.shape != (frame.height, frame.width, channels):
        raise Unsuited("its four colours" if channels == 4 else "its components")
    most = max(one.across for one in frame.components), max(one.down for one in frame.components)
    if any(most[0] % one.across or most[1] % one.down for one in frame.components):
        raise Unsuited("its chroma sampling")
    if any(0 in frame.tables.get(one.table, (0,)) for one in frame.components):
        raise Unsuited("its quantisation tables")
    kept = [one.encoded() for one in parts.segments if not one.is_metadata or one.code in (APP0, APP14)]
    try:
        with tempfile.TemporaryDirectory() as folder, _LOCK:
            before, after = Path(folder, "before.jpg"), Path(folder, "after.jpg")
            with before.open("wb") as file:
                file.writelines([b"\xff\xd8", *kept, memoryview(content)[parts.scan :]])
            _rewrite(before, after, frame, pixels, changed)
            return after.read_bytes()
    except OSError as error:
        raise Unsuited("its temporary copy") from error


def joined(edited: bytes, metadata: list[Segment]) -> list[bytes | memoryview]:
    """The pieces of a JPEG file that has the pixels of one and the metadata of another."""
    head = split(edited)
    own = [one.encoded() for one in head.segments if not one.is_metadata]
    return [b"\xff\xd8", *(one.encoded() for one in metadata), *own, memoryview(edited)[head.scan :]]


def _rewrite(before: Path, after: Path, frame: Frame, pixels: NDArray[np.uint8], changed: NDArray[np.bool_]) -> None:
    try:
        import jpeglib
    except ImportError as error:
        raise Unsuited("without a working extra jpeg it") from error
    earlier = jpeglib.version.get()
    jpeglib.version.set(_PROGRESSIVE if frame.progressive else _SEQUENTIAL)
    try:
        file = jpeglib.read_dct(str(before))
        space = file.jpeg_color_space.name
        if space not in ("JCS_YCbCr", "JCS_RGB", "JCS_GRAYSCALE"):
            raise Unsuited("its colour space")
        names = ("Y", "Cb", "Cr")[: len(frame.components)]
        for index, name in enumerate(names):
            plane = getattr(file, name)  # [rows, columns, 8, 8] int16
            _renew(plane, index, frame, pixels, changed, ycc=space == "JCS_YCbCr")
            setattr(file, name, plane.view(_Uncopied))
        file.markers = []
        file.qt = 1  # a number that is no table: the tables stay as they are in the file
        file.write_dct(str(after), flags=["+OPTIMIZE_CODING"])
    except (OSError, ValueError, AttributeError, KeyError) as error:
        raise Unsuited("its encoding") from error
    finally:
        if earlier is not None:
            jpeglib.version.set(earlier)


def _renew(
    plane: NDArray[np.int16],
    index: int,
    frame: Frame,
    pixels: NDArray[np.uint8],
    changed: NDArray[np.bool_],
    *,
    ycc: bool,
) -> None:
    """Put new coefficients into the blocks of one component [rows, columns, 8, 8] that changed pixels touch."""
    part = frame.components[index]
    across = max(one.across for one in frame.components) // part.across  # pixels per sample
    down = max(one.down for one in frame.components) // part.down
    rows, columns = np.nonzero(_touched(changed, 8 * down, 8 * across))  # [n], [n]
    table = square(frame.tables[part.table])  # [8, 8]
    for start in range(0, len(rows), _BATCH):
        some = slice(start, start + _BATCH)
        samples = _samples(pixels, rows[some], columns[some], down, across, index if ycc else None, index)
        basis = _basis()
        levels = basis @ samples @ basis.T / table  # [n, 8, 8]
        plane[rows[some], columns[some]] = np.clip(np.rint(levels), -1024, 1023).astype(np.int16)


def _touched(changed: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    """[ceil(H / height), ceil(W / width)] bool: blocks that hold a changed pixel."""
    tall = np.logical_or.reduceat(changed, np.arange(0, changed.shape[0], height), axis=0)
    return cast("NDArray[np.bool_]", np.logical_or.reduceat(tall, np.arange(0, changed.shape[1], width), axis=1))


def _samples(
    pixels: NDArray[np.uint8],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    down: int,
    across: int,
    ycc: int | None,
    channel: int,
) -> NDArray[np.float32]:
    """Samples [n, 8, 8], around 0, of blocks; what lies beyond the edge repeats the last pixel, as encoders do."""
    y = np.minimum(rows[:, None] * 8 * down + np.arange(8 * down), pixels.shape[0] - 1)  # [n, 8 * down]
    x = np.minimum(columns[:, None] * 8 * across + np.arange(8 * across), pixels.shape[1] - 1)  # [n, 8 * across]
    block = pixels[y[:, :, None], x[:, None, :]]  # [n, 8 * down, 8 * across, C]
    if ycc is None:
        values = block[..., channel].astype(np.float32) - 128  # [n, 8 * down, 8 * across]
    else:
        values = block.astype(np.float32) @ _YCC[ycc] + _OFFSET[ycc]
    samples = values.reshape(len(rows), 8, down, 8, across).mean(axis=(2, 4), dtype=np.float32)
    return cast("NDArray[np.float32]", samples)


def _basis() -> NDArray[np.float32]:
    """The orthonormal DCT-II matrix [frequency, sample] of eight samples."""
    k, n = np.arange(8)[:, None], np.arange(8)[None]
    matrix = np.cos((2 * n + 1) * k * math.pi / 16) / 2  # [8, 8]
    matrix[0] = math.sqrt(1 / 8)
    return matrix.astype(np.float32)


def square(zigzag: tuple[int, ...]) -> NDArray[np.float32]:
    """A quantisation table [8, 8] from its zigzag order."""
    order = sorted(range(64), key=lambda at: _diagonal(at // 8, at % 8))
    table = np.empty(64, np.float32)
    table[order] = zigzag
    return table.reshape(8, 8)


def _diagonal(row: int, column: int) -> tuple[int, int]:
    total = row + column
    return total, (row if total % 2 else column)
