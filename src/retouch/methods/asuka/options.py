"""Options of ASUKA and of the models that it is compared with, and what they ask of their caller. Needs no PyTorch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from retouch.methods.asuka.sampling import TIMESTEPS, PriorUse, Repaint, Sampling, Solver
from retouch.methods.base import Needs, Options

Dtype = Literal["fp32", "bf16", "fp16"]


class DiffusionOptions(Options):
    """What every model here has."""

    base: str | None = Field(
        default=None, description="the inpainting model below, in diffusers' layout: a folder, or a name on the hub"
    )
    iterations: int | None = Field(
        default=None, ge=1, le=TIMESTEPS, description="steps from noise to photo; default: the model's"
    )
    dtype: Dtype = Field(default="fp32", description="precision of the networks; the autoencoder stays in fp32")
    offload: bool = Field(default=False, description="less GPU memory, slower: one network at a time is there")
    tiling: bool = Field(default=False, description="encode and decode in tiles: less memory for large windows")


class Sd15Options(DiffusionOptions):
    """Options of sd15/plain."""

    solver: Solver = Field(default="ddim", description="ddim, or dpm++, which needs fewer iterations")

    def sampling(self, steps: int) -> Sampling:
        """The settings these options stand for, where the model's own number of steps is `steps`."""
        return Sampling(steps=self.iterations or steps, solver=self.solver)


class TextOptions(Sd15Options):
    """Options of sd15/text."""

    text: str = Field(default="background", description="what the fill is told to be")


class PromptOptions(Sd15Options):
    """Options of sd15/prompt."""

    tokens: str | None = Field(
        default=None, description="export of asuka-align (learn=prompt) or asuka-denoiser; default: sd15/prompt.json"
    )


class RepaintOptions(Sd15Options):
    """Options of sd15/repaint."""

    jump: int = Field(default=10, ge=1, description="steps that are gone back at a time")
    times: int = Field(default=10, ge=1, description="how often they are gone through: time grows with it")

    def repaint(self) -> Repaint:
        """RePaint's way through the steps."""
        return Repaint(self.jump, self.times)


class PriorOptions(DiffusionOptions):
    """What ASUKA's models have besides."""

    prior: str = Field(
        default="photo",
        description="what the prior is of: photo, blank (white paper, where objects of the photo come back), or an "
        "image by its path",
    )
    decoder: bool = Field(default=True, description="decode beside the known pixels; false: the plain decoder")


class AsukaOptions(PriorOptions, Sd15Options):
    """Options of asuka/sd15."""

    prior_use: PriorUse = Field(
        default="condition", description="init: start from the prior's picture instead (Fig. 4a), without a condition"
    )
    strength: float = Field(default=0.75, gt=0, le=1, description="of init: share of the steps that are done")

    def sampling(self, steps: int) -> Sampling:
        """As above; fewer steps where it starts from the prior's picture."""
        whole = super().sampling(steps)
        return whole if self.prior_use == "condition" else Sampling(whole.steps, whole.solver, strength=self.strength)


class FluxOptions(PriorOptions):
    """Options of asuka/flux-fill."""

    dtype: Dtype = Field(default="bf16", description="precision of the networks; the autoencoder stays in fp32")
    guidance: float = Field(default=30.0, ge=0, le=200, description="the number that FLUX is told as guidance")
    weight: float = Field(default=0.5, ge=0, le=1, description="0: an empty text's embedding; 1: the prior alone")


def _needs(options: type[Options], multiple: int = 8) -> Needs:
    return Needs(multiple=multiple, smallest=64, native=512, stochastic=True, steps=50, options=options)


PLAIN, TEXT, PROMPT, REPAINT = (_needs(kind) for kind in (Sd15Options, TextOptions, PromptOptions, RepaintOptions))
ASUKA, FLUX = _needs(AsukaOptions), _needs(FluxOptions, multiple=16)
