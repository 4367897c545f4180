"""Drawing again until a hole is as it was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from retouch.holes.check import Ratio
    from retouch.methods.base import Masks

TRIES = 1000


def share(hole: Masks) -> float:
    """The share of `hole` [H, W] bool that is True, from 0 to 1."""
    return int(np.count_nonzero(hole)) / hole.size


def redraw(draw: Callable[[], Masks], ratio: Ratio | None, what: str, tries: int = TRIES) -> Masks:
    """The first hole of `draw()` whose share lies in `ratio` (both ends included).

    Holes that are empty or leave nothing known are drawn again whatever `ratio` says: nothing can be filled there.

    Args:
        draw: gives a new hole [H, W] bool at each call.
        ratio: (low, high); None: any.
        what: names the recipe in the error.
        tries: calls of `draw` before giving up.

    Raises:
        ValueError: none of `tries` holes was in the range; the message says what range they had.
    """
    low, high = ratio or (0.0, 1.0)
    least, most = 1.0, 0.0
    for _ in range(tries):
        hole = draw()
        part = share(hole)
        if low <= part <= high and 0 < part < 1:
            return hole
        least, most = min(least, part), max(most, part)
    height, width = hole.shape
    # Ranges without their ends come as the next floats, 4.9e-324 for 0.
    asked = f"from {round(low, 9):g} to {round(high, 9):g}"
    raise ValueError(
        f"ratio: {what} gave no hole with a share {asked} in {tries} tries at {height}x{width} "
        f"(height x width); its holes had {least:.3f} to {most:.3f}; ask for a range within that or for another recipe"
    )
