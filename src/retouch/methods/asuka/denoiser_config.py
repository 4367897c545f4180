"""Every hyper-parameter of a small inpainting denoiser, for where Stable Diffusion is too large. Needs no PyTorch.

It is what the alignment is tried on at reduced size. The paper has none: its denoiser is Stable Diffusion 1.5's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from retouch.methods.asuka.config import _Settings


class Denoiser(_Settings):
    """What the network is made of: a `UNet2DConditionModel` of diffusers with cross-attention at every size.

    Attributes:
        latent: c, channels of the autoencoder's latent; the network takes 2c + 1.
        widths: channels at the latent's size, 1/2, 1/4, ...
        blocks: residual blocks of a level.
        heads: of attention.
        groups: of the group normalisations.
        embedding: numbers in a token of what it is told.
        grid: cells along a side of what it is told of; grid^2 tokens.
        prediction: what is predicted: "epsilon", the noise, as Stable Diffusion 1.5 does, or "v_prediction", with which
            the colours of a network trained from scratch come right much earlier.
    """

    latent: int = Field(default=4, ge=1)
    widths: tuple[int, ...] = Field(default=(64, 128), min_length=1)
    blocks: int = Field(default=1, ge=1)
    heads: int = Field(default=4, ge=1)
    groups: int = Field(default=16, ge=1)
    embedding: int = Field(default=96, ge=1)
    grid: int = Field(default=8, ge=1)
    prediction: Literal["epsilon", "v_prediction"] = "v_prediction"

    @model_validator(mode="after")
    def _fits_together(self) -> Denoiser:
        for name, parts in (("groups", self.groups), ("heads", self.heads)):
            if any(width < 1 or width % parts for width in self.widths):
                raise ValueError(f"widths: is {list(self.widths)}; accepted: multiples of {name}, {parts}")
        return self


class DenoiserTraining(_Settings):
    """How it learns.

    Attributes:
        told: chance that a sample's tokens say what the photo looks like: the mean colour of each cell of a grid. A
            text does that for Stable Diffusion, and without it a denoiser learns to listen to nothing, so that there
            is nothing to align to. Otherwise, and with 0 always, the tokens are learnt ones, the same for all photos.
        rate: learning rate of AdamW.
        weight_decay: of AdamW.
    """

    told: float = Field(default=0.5, ge=0, le=1)
    rate: float = Field(default=5e-4, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)


class DenoiserRun(_Settings):
    """What a training run is like unless its settings `train` and `data` say otherwise.

    Attributes:
        size: side of the square crops in pixels.
        steps, batch: of training.
        warm_up: steps in which the learning rate rises; it then falls as a half cosine.
        holes: a recipe of holes, or a mixture.
        scale: range of a crop's area, as share of the photo.
    """

    size: int = Field(default=128, ge=16, multiple_of=8)
    steps: int = Field(default=20_000, ge=1)
    batch: int = Field(default=32, ge=1)
    warm_up: int = Field(default=500, ge=0)
    holes: str = "asuka"
    scale: tuple[float, float] = (0.5, 1.0)


class DenoiserConfig(_Settings):
    """The denoiser and its training.

    Attributes:
        network: what it is made of.
        training: how it learns.
        run: length, holes and crops.
        vae: the frozen autoencoder: a folder of diffusers' `AutoencoderKL`, as `base.write_vae` makes one of an export.
        steps: of sampling, for sheets and validation.
    """

    network: Denoiser = Denoiser()
    training: DenoiserTraining = DenoiserTraining()
    run: DenoiserRun = DenoiserRun()
    vae: Path | None = None
    steps: int = Field(default=20, ge=1, le=1000)


def run_defaults(config: DenoiserConfig) -> dict[str, Any]:
    """`config.run` as settings of `retouch train`, by dotted key."""
    run = config.run
    return {
        "train.steps": run.steps,
        "train.batch": run.batch,
        "train.clip": 1.0,
        "train.schedule": {"kind": "cosine", "warm_up": run.warm_up},
        "data.size": run.size,
        "data.holes": run.holes,
        "data.scale": run.scale,
    }


DENOISER_VARIANTS: dict[str, DenoiserConfig] = {"small": DenoiserConfig()}
