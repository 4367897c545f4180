"""Random crops, drawn as numbers between 0 and 1 before any photo is opened."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.random import Generator

    from retouch.data.training.settings import SampleSettings


@dataclass(frozen=True)
class Crop:
    """A crop of any photo.

    Attributes:
        area: share of the largest box with this aspect that fits into the photo, above 0 up to 1.
        aspect: width / height in the photo.
        x: where it lies, 0 = at the left edge, towards 1 = at the right edge.
        y: the same from top to bottom.
        mirrored: left to right, after cropping.
    """

    area: float
    aspect: float
    x: float
    y: float
    mirrored: bool

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """(x0, y0, x1, y1) in a photo of that size, in pixels with exclusive ends, never empty and always inside."""
        side = math.sqrt(self.area)
        w = _within(min(width, height * self.aspect) * side, width)
        h = _within(min(height, width / self.aspect) * side, height)
        left, top = int(self.x * (width - w + 1)), int(self.y * (height - h + 1))
        return left, top, left + w, top + h


def draw_crop(rng: Generator, settings: SampleSettings) -> Crop:
    """A random-resized crop: area uniform over `scale`, logarithm of the aspect uniform over `aspect`, place uniform.

    The area is relative to the largest box of that aspect, not to the photo as in the usual form, so that every draw
    fits panoramas too and the range is covered evenly.
    """
    low, high = settings.aspect
    area = rng.uniform(*settings.scale)
    aspect = math.exp(rng.uniform(math.log(low), math.log(high)))
    x, y, turn = rng.random(3).tolist()
    return Crop(area, aspect, x, y, turn < settings.flip)


def _within(length: float, most: int) -> int:
    return max(1, min(round(length), most))
