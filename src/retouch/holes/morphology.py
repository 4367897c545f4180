"""Widening a hole by a square, as the papers' code does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retouch.methods.base import Masks


def dilate_box(hole: Masks, side: int, times: int = 1) -> Masks:
    """True where a True pixel of `hole` [H, W] lies in the square of `side` (odd) around a pixel, `times` over."""
    wide = hole.copy()  # [H, W]
    for _ in range(times * (side // 2)):
        for axis in (wide, wide.T):
            before = axis.copy()
            axis[1:] |= before[:-1]
            axis[:-1] |= before[1:]
    return wide
