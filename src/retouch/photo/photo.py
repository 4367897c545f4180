"""A photo in memory: its pixels, and everything of its file that must survive."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    Pixels: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]
    Box: TypeAlias = tuple[int, int, int, int]  # x0, y0, x1, y1; x1 and y1 exclusive


@dataclass(frozen=True, eq=False)
class Source:
    """What the file was, apart from its pixels. Only this folder looks inside."""

    format: str = "PNG"  # Pillow's format name
    mode: str = "RGB"  # Pillow's mode, or "RGB;16" / "RGBA;16" for 16-bit colour
    icc: bytes | None = None
    info: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo in displayed orientation.

    Attributes:
        pixels: [H, W, C] uint8 or uint16 as stored, C = 1 (grey), 3 (RGB) or 4 (CMYK, Pillow's polarity).
        alpha: [H, W] of the same dtype, or None for an opaque photo.
        source: what else must survive in the file.
        notes: what could not be kept, in words for the user.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    source: Source = field(default_factory=Source)
    notes: tuple[str, ...] = ()
