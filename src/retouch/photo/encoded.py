"""What an encoder is asked for, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Settings:
    """How to encode.

    Attributes:
        format: Pillow's format name.
        quality: 1 to 100; None: as the source's file, or 95.
        lossless: encode without loss where the format can; None: as the source's file.
    """

    format: str
    quality: int | None = None
    lossless: bool | None = None


@dataclass(frozen=True, eq=False)
class Encoded:
    """A file in pieces, and notes on what could not be kept."""

    pieces: Sequence[bytes | memoryview]
    notes: list[str] = field(default_factory=list)
