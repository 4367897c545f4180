"""Fills of PSM on fixed photos and holes, and how near they come. For psm_study.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from study_quality import Pixels, Quality, judged

from retouch.data.training.samples import Drawn
from retouch.features.lpips import Lpips
from retouch.methods.psm.method import Runner
from retouch.methods.psm.spread import SpreadSettings, Step, spread
from retouch.ops.draws import seeded_normal

if TYPE_CHECKING:
    from retouch.methods.psm.spread import Order

ALPHA = 0.01  # the paper's


@dataclass(frozen=True)
class How:
    """How a photo is filled.

    Attributes:
        iterations: T.
        alpha: of the noise.
        order: by which pixels are picked; None: by their variance.
        seed: of latent and noise; None: the sample's.
    """

    iterations: int
    alpha: float = ALPHA
    order: Order | None = None
    seed: int | None = None


@dataclass(frozen=True, eq=False)
class Study:
    """What all parts of the study share."""

    runner: Runner
    samples: tuple[Drawn, ...]
    lpips: Lpips

    @property
    def size(self) -> int:
        """Side of the photos in pixels."""
        return len(self.samples[0].hole)

    def iterate(self, sample: Drawn, how: How) -> Iterator[Step]:
        """The spread over one photo, as `Psm` does it."""
        seeds = [sample.seed if how.seed is None else how.seed]
        image = signed(sample.photo)  # [1, 3, S, S]
        latents = seeded_normal(seeds, 0, (self.runner.latent_size,))  # [1, latent]
        return spread(
            lambda x, m0, m, u, tau: self.runner(x, m0, m, u, tau, latents, 1.0),
            image,
            ~sample.hole[None, None],  # [1, 1, S, S], True = known
            lambda t: seeded_normal(seeds, t, image.shape[1:]),
            SpreadSettings(how.iterations, how.alpha),
            order=how.order,
        )

    def fill(self, sample: Drawn, how: How) -> Pixels:
        """The photo with its hole filled, [S, S, 3]."""
        *_, last = self.iterate(sample, how)
        image = np.rint((np.clip(last.mean[0], -1, 1) + 1) * 127.5).astype(np.uint8).transpose(1, 2, 0)  # [S, S, 3]
        return np.where(sample.hole[..., None], image, sample.photo)

    def judged(self, sample: Drawn, filled: Pixels) -> Quality:
        """How near a fill is to the photo."""
        return judged(sample, filled, self.lpips)


def signed(photo: Pixels) -> NDArray[np.float32]:
    """[S, S, 3] as [1, 3, S, S] float32 in [-1, 1]."""
    return photo.transpose(2, 0, 1)[None] / np.float32(127.5) - np.float32(1)
