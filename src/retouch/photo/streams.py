"""Bytes in pieces as one readable file, so that nothing large is joined."""

from __future__ import annotations

import io
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


class Pieces(io.RawIOBase):
    """A read-only file made of pieces of bytes, none of which is copied."""

    def __init__(self, pieces: Sequence[bytes | memoryview]) -> None:
        self._pieces = [memoryview(piece) for piece in pieces if len(piece)]
        self._ends = list(accumulate(len(piece) for piece in self._pieces))
        self._at = 0

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The position in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move as every file does."""
        total = self._ends[-1] if self._ends else 0
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: total}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` from the current position."""
        from bisect import bisect_right

        index = bisect_right(self._ends, self._at)
        if index == len(self._pieces):
            return 0
        piece, end = self._pieces[index], self._ends[index]
        start = self._at - (end - len(piece))
        part = piece[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)


def joined(pieces: Sequence[bytes | memoryview]) -> io.BufferedReader:
    """A buffered binary file over `pieces`; reads cross from one piece to the next."""
    return io.BufferedReader(Pieces(pieces), 1 << 16)
