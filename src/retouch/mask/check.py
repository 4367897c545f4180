"""What is refused, in one line each."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from retouch.methods.base import Masks

MAX_SIDE = 1_000_000  # of a photo; far beyond any, and safe for arithmetic in 32 bit


def checked_hole(hole: Any) -> Masks:
    """A read-only view of `hole` if it is a bool array [H, W] with at least one pixel; else ValueError."""
    if not isinstance(hole, np.ndarray) or hole.dtype != np.bool_ or hole.ndim != 2 or hole.size == 0:
        given = f"{hole.dtype} {hole.shape}" if isinstance(hole, np.ndarray) else type(hole).__name__
        raise ValueError(f"mask: hole is {given}; accepted: a bool array [H, W]; Mask.from_any reads other kinds")
    view = hole.view()
    view.flags.writeable = False
    return view


def checked_threshold(threshold: Any) -> float:
    """`threshold` as float if it lies above 0 and up to 1; else ValueError."""
    if isinstance(threshold, bool | str) or not _is_between(threshold, 0, 1) or threshold == 0:
        raise ValueError(f"threshold: is {threshold!r}; accepted: a number above 0 and up to 1")
    return float(threshold)


def checked_size(size: Any) -> tuple[int, int]:
    """(width, height) as integers from 1 up; else ValueError."""
    try:
        width, height = integers(size)
    except (TypeError, ValueError):
        width = height = 0
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise ValueError(f"size: is {size!r}; accepted: (width, height) in pixels, from 1 to {MAX_SIDE}")
    return width, height


def checked_range(values: NDArray[Any], name: str) -> None:
    """Refuse float arrays with values that are not numbers from 0 to 1."""
    low, high = values.min(), values.max()  # NaN anywhere makes both NaN
    # Interpolation leaves values that pass 1 by a rounding error.
    if not (low >= -1e-6 and high <= 1 + 1e-6):
        given = "NaN" if np.isnan(low) else f"values from {low:g} to {high:g}"
        raise ValueError(f"{name}: a float array with {given}; accepted: numbers from 0 to 1")


def integers(values: Iterable[Any]) -> tuple[int, ...]:
    """The values as Python integers; TypeError where one is a float, a bool or a text."""
    return tuple(_integer(value) for value in values)


def _integer(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError("a bool is no number here")
    return index(value)


def _is_between(value: Any, low: float, high: float) -> bool:
    try:
        return bool(low <= value <= high)
    except (TypeError, ValueError):
        return False
