"""Fills of PixelHacker, and of others, on fixed photos and holes. For pixelhacker_study.py."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
from study_quality import Pixels, Quality, judged

from retouch.data.training.samples import Drawn
from retouch.features.lpips import Lpips
from retouch.methods.base import Method, Options
from retouch.methods.pixelhacker.options import PixelHackerOptions


@dataclass(frozen=True)
class Filling:
    """All photos filled one way: how near each came, and mean seconds of processor time a photo."""

    quality: tuple[Quality, ...]
    seconds: float


@dataclass(frozen=True, eq=False)
class Study:
    """What all parts of the study share.

    Attributes:
        method: PixelHacker.
        samples: photos and holes of its size.
        lpips: judges.
        own: options of all fills, besides what a part varies.
        done: fills that parts have in common are judged once.
    """

    method: Method
    samples: tuple[Drawn, ...]
    lpips: Lpips
    own: PixelHackerOptions
    done: dict[PixelHackerOptions, Filling] = field(default_factory=dict)

    def filling(self, **changes: object) -> Filling:
        """All photos filled with `own` options but these."""
        options = PixelHackerOptions.model_validate(self.own.model_dump() | changes)
        if options not in self.done:
            self.done[options] = self.filled_by(self.method, options)
        return self.done[options]

    def filled_by(self, method: Method, options: Options) -> Filling:
        """All photos filled by any method."""
        start = time.process_time()
        fills = [fill(method, sample, options, sample.seed) for sample in self.samples]
        seconds = (time.process_time() - start) / len(fills)
        quality = [judged(sample, filled, self.lpips) for sample, filled in zip(self.samples, fills, strict=True)]
        return Filling(tuple(quality), seconds)


def fill(method: Method, sample: Drawn, options: Options, seed: int) -> Pixels:
    """The photo with its hole filled, [S, S, 3]; what the hole hides is blank before."""
    hole = sample.hole[..., None]  # [S, S, 1]
    blank = np.where(hole, np.float32(0), sample.photo / np.float32(255))  # [S, S, 3]
    image = method(blank[None], sample.hole[None], options, seeds=[seed]).images[0]  # [S, S, 3]
    return np.where(hole, np.rint(image * 255).astype(np.uint8), sample.photo)
