"""What is refused, in one line each."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

    from retouch.methods.base import Masks

Size: TypeAlias = tuple[int, int]  # height, width
Ratio: TypeAlias = tuple[float, float]  # smallest and largest share of hole pixels

MAX_SIDE = 1 << 16
MAX_PIXELS = 1 << 28  # 256 MB as bool; a typing error in a size must not fill the memory


def checked_size(size: Any) -> Size:
    """`size` as (height, width) in pixels; else ValueError."""
    try:
        height, width = (_integer(side) for side in size)
    except (TypeError, ValueError):
        height = width = 0
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE and height * width <= MAX_PIXELS):
        raise ValueError(
            f"size: is {size!r}; accepted: (height, width) in pixels, from 1 to {MAX_SIDE} each, {MAX_PIXELS} in all"
        )
    return height, width


def checked_rng(rng: Any) -> Generator:
    """`rng` if it is a NumPy generator; else ValueError."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng: is {type(rng).__name__}; accepted: a numpy.random.Generator, as default_rng(0) makes")
    return rng


def checked_ratio(ratio: Any) -> Ratio | None:
    """`ratio` as (low, high) shares of the area, or None; else ValueError."""
    if ratio is None:
        return None
    try:
        low, high = (float(part) for part in ratio)
    except (TypeError, ValueError):
        low = high = np.nan
    if not 0 <= low <= high <= 1:
        raise ValueError(f"ratio: is {ratio!r}; accepted: (low, high) with 0 <= low <= high <= 1, such as (0.2, 0.4)")
    return low, high


def checked_count(name: str, value: Any, least: int = 0) -> int:
    """`value` as an integer of at least `least`; else ValueError that names the argument `name`."""
    try:
        number = _integer(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise ValueError(f"{name}: is {value!r}; accepted: an integer from {least} up")
    return number


def checked_hole(name: str, hole: Any) -> Masks:
    """`hole` if it is a bool array [H, W] with at least one pixel; else ValueError that names the argument `name`."""
    if not isinstance(hole, np.ndarray) or hole.dtype != np.bool_ or hole.ndim != 2 or hole.size == 0:
        given = f"{hole.dtype} {hole.shape}" if isinstance(hole, np.ndarray) else type(hole).__name__
        raise ValueError(f"{name}: is {given}; accepted: a bool array [H, W], True = hole")
    return hole


def _integer(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError
    return index(value)


def checked_share(name: str, share: tuple[int, int]) -> tuple[int, int]:
    """(i, n), the i-th of n shares of some work, i from 1; else ValueError."""
    i, n = share
    if not 1 <= i <= n:
        raise ValueError(f"{name}: is {i}/{n}; accepted: i/n with i from 1 to n, such as 2/8")
    return i, n
