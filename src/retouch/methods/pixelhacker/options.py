"""PixelHacker's options, and what they ask of the sampling. Needs no PyTorch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from retouch.methods.base import Needs, Options
from retouch.methods.pixelhacker.config import PixelHackerConfig
from retouch.methods.pixelhacker.sample import HOUSE, OFFICIAL, TIMESTEPS, Sampling, Solver, Start, Task

if TYPE_CHECKING:
    from collections.abc import Mapping

DTYPES = ("fp32", "bf16", "fp16")


class PixelHackerOptions(Options):
    """Options of PixelHacker; what is None is as the preset has it."""

    preset: Literal["official"] | None = Field(
        default=None, description="official: sample as the released script: guidance 4.5, start image, ..."
    )
    iterations: int | None = Field(
        default=None, ge=1, le=TIMESTEPS, description="steps from noise to photo; default: the model's"
    )
    guidance: float | None = Field(
        default=None, ge=1, le=30, description="how far from the other category; default 2, official 4.5; 1: fastest"
    )
    task: Task = Field(default="remove", description="remove: background into the hole; foreground: an object")
    start: Start | None = Field(
        default=None,
        description="masked (default), smooth, noise, or image (official: sees a trace of what the hole hides)",
    )
    strength: float | None = Field(
        default=None, gt=0, le=1, description="share of the iterations that are done; below 1 for start=smooth"
    )
    solver: Solver | None = Field(default=None, description="ddim (default), or dpm++, which needs fewer iterations")
    dtype: Literal["fp32", "bf16", "fp16"] = Field(default="fp32", description="precision of the network")
    offload: bool = Field(default=False, description="stream the network through a small GPU: slower, little memory")

    @property
    def sees_hole(self) -> bool:
        """Whether the method is given what lies under the hole: for the official start only."""
        return self.sampling().start == "image"

    def sampling(self, steps: int = HOUSE.steps) -> Sampling:
        """The settings these options stand for, where the model's own number of steps is `steps`."""
        given = {name: getattr(self, name) for name in ("guidance", "start", "strength", "solver")}
        preset = HOUSE if self.preset is None else OFFICIAL
        asked: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        return replace(preset, steps=self.iterations or steps, task=self.task, **asked)


NEEDS = Needs(multiple=8, smallest=64, native=512, stochastic=True, steps=HOUSE.steps, options=PixelHackerOptions)


def needs(config: Mapping[str, Any]) -> Needs:
    """What a network of this configuration, an export card's, asks of its caller.

    Raises:
        ValueError: it is none of this method's; a pydantic error that names the field.
    """
    own = PixelHackerConfig.model_validate(config)
    multiple = 8 if own.space == "latent" else 1
    smallest = multiple * 2 ** (len(own.network.block_out_channels) - 1)  # one position at the coarsest level
    return replace(NEEDS, multiple=multiple, smallest=smallest, native=own.size)
