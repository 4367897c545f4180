"""Edges of a grey image after Canny, bit for bit as OpenCV draws them (3 x 3 Sobel, sum of absolute slopes)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TAN_22 = 13573  # tan(22.5 degrees) in steps of 2^-15


def sobel(x: NDArray[np.float64], border: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slopes to the right and downwards, each [H, W], of [H, W]; `border` is a mode of `numpy.pad`."""
    p = np.pad(x, 1, mode=border)  # type: ignore[call-overload]  # [H + 2, W + 2]
    smooth_down = p[:-2] + 2 * p[1:-1] + p[2:]  # [H, W + 2]
    smooth_right = p[:, :-2] + 2 * p[:, 1:-1] + p[:, 2:]  # [H + 2, W]
    return smooth_down[:, 2:] - smooth_down[:, :-2], smooth_right[2:] - smooth_right[:-2]


def canny(image: NDArray[np.uint8], low: int, high: int) -> NDArray[np.bool_]:
    """Edge pixels [H, W] of a grey image [H, W] uint8.

    A pixel is an edge if its slope exceeds `high` and is the greatest across the edge, or exceeds `low`, is the
    greatest, and touches an edge.
    """
    right, down = (s.astype(np.int64) for s in sobel(image.astype(np.float64), "edge"))  # [H, W]
    slope = np.abs(right) + np.abs(down)  # [H, W]
    peak = _greatest(right, down, slope) & (slope > low)  # [H, W]
    return _grow(peak & (slope > high), peak)


def _greatest(right: NDArray[np.int64], down: NDArray[np.int64], slope: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where the slope is the greatest along its own direction, of four."""
    around = np.pad(slope, 1)  # [H + 2, W + 2], zero outside

    def at(dy: int, dx: int) -> NDArray[np.int64]:
        return around[1 + dy : 1 + dy + slope.shape[0], 1 + dx : 1 + dx + slope.shape[1]]  # [H, W]

    flat = np.abs(right) * _TAN_22  # [H, W], of 22.5 degrees
    steep = flat + (np.abs(right) << 16)  # [H, W], of 67.5 degrees: tan(67.5) = tan(22.5) + 2
    rise = np.abs(down) << 15  # [H, W]
    # On a plateau the pixel towards the lower right is left out: one comparison is strict, the other is not.
    across = (slope > at(0, -1)) & (slope >= at(0, 1))
    along = (slope > at(-1, 0)) & (slope >= at(1, 0))
    falling = (slope > at(-1, -1)) & (slope > at(1, 1))
    rising = (slope > at(-1, 1)) & (slope > at(1, -1))
    diagonal = np.where((right ^ down) < 0, rising, falling)
    return np.where(rise < flat, across, np.where(rise > steep, along, diagonal))


def _grow(seed: NDArray[np.bool_], allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What of `allowed` is connected with `seed` over sides or corners."""
    reached = np.pad(seed, 1)  # [H + 2, W + 2]
    free = np.pad(allowed & ~seed, 1)
    width = reached.shape[1]
    steps = np.array([-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1])
    flat, open_ = reached.ravel(), free.ravel()  # views: writing into them fills `reached`
    front = np.flatnonzero(flat)
    while len(front):
        near = np.unique(front[:, None] + steps)
        front = near[open_[near]]
        flat[front], open_[front] = True, False
    return reached[1:-1, 1:-1]
