"""Made-up object shapes, for where no real ones are at hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retouch.holes.raster import Canvas

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from retouch.holes.check import Ratio, Size
    from retouch.methods.base import Masks


@dataclass(frozen=True)
class SyntheticBlobs:
    """Shapes of one to three smooth lobes. They are not objects: results with them say nothing about real ones.

    Attributes:
        extent: smallest and largest size of a lobe as part of the mask's shorter side.
    """

    extent: Ratio = (0.2, 0.6)

    def __call__(self, size: Size, rng: Generator) -> Masks:
        """One shape somewhere on a canvas of `size` (height, width): [H, W] bool, True = object."""
        canvas = Canvas(size)
        reach = min(size) * rng.uniform(*self.extent) / 2
        centre = rng.uniform(0.15, 0.85, 2) * (size[1], size[0])  # [2] x, y
        for _ in range(int(rng.integers(1, 4))):
            canvas.polygon([(x, y) for x, y in (centre + _lobe(reach, rng)).tolist()])
            direction = rng.uniform(0, 2 * math.pi)
            centre = centre + 0.8 * reach * np.array([math.cos(direction), math.sin(direction)])
            reach *= rng.uniform(0.5, 1.0)
        return canvas.hole()


def _lobe(reach: float, rng: Generator) -> NDArray[np.float64]:
    """[72, 2] points of a wavy outline around the origin, about `reach` away in its longer direction."""
    angle = np.linspace(0, 2 * math.pi, 72, endpoint=False)  # [72]
    waves = np.arange(2, 7)  # [5] waves around the outline
    heights = rng.normal(0, 0.25, 5) / waves
    phases = rng.uniform(0, 2 * math.pi, 5)
    radius = reach * (1 + (heights * np.cos(angle[:, None] * waves + phases)).sum(axis=1))  # [72]
    x, y = radius * np.cos(angle), radius * np.sin(angle) * rng.uniform(0.35, 1.0)
    turn = rng.uniform(0, math.pi)
    turned = (x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn))
    return np.stack(turned, axis=1)
