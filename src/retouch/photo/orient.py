"""EXIF orientations as views: nothing is copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)

# How stored pixels become displayed ones: (swap axes, then flip up-down, then flip left-right).
_STEPS = {
    1: (False, False, False),
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


def displayed(stored: NDArray[T], orientation: int) -> NDArray[T]:
    """A view [H, W, ...] as displayed of pixels as stored."""
    swap, upside, sideways = _STEPS[orientation]
    view = stored.swapaxes(0, 1) if swap else stored
    view = view[::-1] if upside else view
    return view[:, ::-1] if sideways else view


def stored(shown: NDArray[T], orientation: int) -> NDArray[T]:
    """A view as stored of pixels [H, W, ...] as displayed: the inverse of `displayed`."""
    swap, upside, sideways = _STEPS[orientation]
    view = shown[:, ::-1] if sideways else shown
    view = view[::-1] if upside else view
    return view.swapaxes(0, 1) if swap else view


def swaps(orientation: int) -> bool:
    """Whether width and height change places."""
    return _STEPS[orientation][0]
