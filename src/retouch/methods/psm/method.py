"""PSM as a Method: the spread of `spread.py` over a network on whatever runtime, arrays in [0, 1] in and out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np
from pydantic import Field

from retouch.methods.base import Filled, Needs, Options, Progress, check_cancel
from retouch.methods.psm.config import MOST_ITERATIONS
from retouch.methods.psm.schedules import ScheduleName
from retouch.methods.psm.spread import SpreadSettings, spread
from retouch.ops.draws import seeded_normal

if TYPE_CHECKING:
    from retouch.methods.base import CancelCallback, Images, Masks, ProgressCallback
    from retouch.methods.psm.spread import Array, Step


class PsmOptions(Options):
    """Options of PSM."""

    iterations: int | None = Field(
        default=None, ge=1, le=MOST_ITERATIONS, description="runs of the network; default: the model's"
    )
    noise: float = Field(default=0.01, ge=0, le=1, description="share of the uncertainty that is sampled; 0: none")
    truncation: float = Field(default=1.0, ge=0, le=1, description="below 1, results are nearer to the average one")
    schedule: ScheduleName = Field(default="linear", description="how many pixels each iteration keeps")


class Runner(Protocol):
    """PSM's network on one runtime, NumPy arrays in and out; no sample of a batch influences another one."""

    @property
    def latent_size(self) -> int:
        """How many values a sample's latent z has."""
        ...

    def __call__(
        self, x: Array, m0: Array, m: Array, u: Array, tau: float, latents: Array, truncation: float
    ) -> tuple[Array, Array]:
        """Mean and log-variance, both [B, 3, H, W], of every pixel.

        Args:
            x: [B, 3, H, W] float32 in [-1, 1], the image so far; 0 where missing.
            m0, m: [B, 1, H, W] float32, 1 = known from the start, 1 = known so far.
            u: [B, 1, H, W] float32 in [0, 1], 1 = knows nothing.
            tau: (t - 1) / T, the same for all samples.
            latents: [B, latent_size] float32, standard normal.
            truncation: in [0, 1]; 1: styles as they are, 0: all of them the average style.
        """
        ...


NEEDS = Needs(multiple=32, smallest=64, stochastic=True, steps=4, uncertainty=True, options=PsmOptions)


class Psm:
    """The filling method PSM over a `Runner`; `needs.steps` is the number of iterations by default."""

    def __init__(self, runner: Runner, needs: Needs = NEEDS) -> None:
        self.runner = runner
        self.needs = needs

    def __call__(
        self,
        images: Images,
        masks: Masks,
        options: Options,
        *,
        seeds: Sequence[int] | None = None,
        scale: int = 1,  # noqa: ARG002 - the caller has checked it against needs.scales
        progress: ProgressCallback | None = None,
        cancel: CancelCallback | None = None,
    ) -> Filled:
        """Fill `images` [N, H, W, 3] float32 in [0, 1] where `masks` [N, H, W] bool is True; tells its uncertainty.

        Raises:
            ValueError: the network gives NaN, infinite values or another shape; the iteration is named.
            Cancelled: `cancel` said so before a run of the network.
        """
        assert isinstance(options, PsmOptions)
        own = [0] * len(images) if seeds is None else seeds
        settings = SpreadSettings(options.iterations or self.needs.steps or 1, options.noise, options.schedule)
        image = images.transpose(0, 3, 1, 2) * np.float32(2) - np.float32(1)  # [N, 3, H, W] in [-1, 1]
        known = ~masks[:, None]  # [N, 1, H, W]: PSM's masks are True = known
        latents = seeded_normal(own, 0, (self.runner.latent_size,))  # [N, latent_size]

        def network(x: Array, m0: Array, m: Array, u: Array, tau: float) -> tuple[Array, Array]:
            check_cancel(cancel)
            return self.runner(x, m0, m, u, tau, latents, options.truncation)

        def noise(t: int) -> Array:
            return seeded_normal(own, t, image.shape[1:])  # [N, 3, H, W]

        for step in spread(network, image, known, noise, settings):
            if progress is not None:
                preview, panels = partial(_filled, step, images, masks), partial(_panels, step, images, masks)
                progress(Progress("iteration", step.t, settings.iterations, preview, panels))
        return Filled(_filled(step, images, masks), step.uncertainty[:, 0].astype(np.float32))


def _filled(step: Step, images: Images, masks: Masks) -> Images:
    """The images [N, H, W, 3] in [0, 1] with the whole hole as the network last predicted it."""
    return np.where(masks[..., None], _to_images(step.mean), images)


def _panels(step: Step, images: Images, masks: Masks) -> tuple[Images, ...]:
    """What a step looks like: the mean, its uncertainty (white = knows nothing), the known set on grey."""
    uncertainty = np.repeat(step.uncertainty.transpose(0, 2, 3, 1), 3, axis=3)  # [N, H, W, 3]
    so_far = np.where(masks[..., None], _to_images(step.image), images)  # missing pixels are 0 in [-1, 1]: grey
    return _filled(step, images, masks), uncertainty, so_far


def _to_images(planes: Array) -> Images:
    """[N, 3, H, W] in [-1, 1] as [N, H, W, 3] float32 in [0, 1]."""
    return np.clip((planes.transpose(0, 2, 3, 1) + 1) / 2, 0, 1).astype(np.float32)
