"""Every hyper-parameter of the alignment's training (section 3.2), and named variants. Needs no PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from retouch.methods.asuka.config import Align, _Settings

Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]


class AlignTraining(_Settings):
    """How the alignment learns.

    Attributes:
        learn: "alignment", or "prompt": as many tokens, the same for all photos, the paper's competitor SD-prompt.
        whole: p, chance that the autoencoder sees a sample without its hole ("reconstructed prior"): what it starts
            from and what it ends at. Equal ones: p is fixed.
        whole_steps: steps in which p falls from the one to the other, evenly.
        rate: learning rate of AdamW. The paper prints 5e-2, five hundred times what is usual.
        weight_decay: of AdamW.
    """

    learn: Literal["alignment", "prompt"] = "alignment"
    whole: tuple[Share, Share] = (1.0, 0.1)
    whole_steps: int = Field(default=2000, ge=1)
    rate: float = Field(default=1e-4, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)

    def share(self, step: int) -> float:
        """p at a step: max(0.1, 1 - 0.9 * step / 2000) with the paper's numbers."""
        first, last = self.whole
        return first + (last - first) * min(1.0, step / self.whole_steps)


class AlignRun(_Settings):
    """What a training run is like unless its settings `train` and `data` say otherwise.

    Attributes:
        size: side of the square crops in pixels.
        steps, batch: of training; those of the released FLUX alignment, for the paper gives none.
        warm_up: steps in which the learning rate rises.
        holes: a recipe of holes, or a mixture.
        scale: range of a crop's area, as share of the photo.
    """

    size: int = Field(default=512, ge=8, multiple_of=8)
    steps: int = Field(default=9_000, ge=1)
    batch: int = Field(default=256, ge=1)
    warm_up: int = Field(default=500, ge=0)
    holes: str = "asuka"
    scale: tuple[float, float] = (0.5, 1.0)


class AlignConfig(_Settings):
    """The alignment and its training.

    Attributes:
        alignment: what it is made of.
        training: how it learns.
        run: length, holes and crops.
        space: what the denoiser denoises: the "latent" of its autoencoder, or "pixel"s, as toys do.
        tokens: of the learnt prompt.
        mae: the frozen autoencoder: the .json of an export of asuka-mae, or a released file. A prompt needs none.
        base: the frozen denoiser: a folder in diffusers' layout with unet, scheduler and, for latents, vae; or a name
            on the hub. None: Stable Diffusion 1.5's inpainting.
        steps: of sampling, for sheets and validation.
    """

    alignment: Align = Align()
    training: AlignTraining = AlignTraining()
    run: AlignRun = AlignRun()
    space: Literal["latent", "pixel"] = "latent"
    tokens: int = Field(default=256, ge=1)
    mae: Path | None = None
    base: str | None = None
    steps: int = Field(default=20, ge=1, le=1000)


def run_defaults(config: AlignConfig) -> dict[str, Any]:
    """`config.run` as settings of `retouch train`, by dotted key."""
    run = config.run
    return {
        "train.steps": run.steps,
        "train.batch": run.batch,
        "train.schedule.kind": "cosine",
        "train.schedule.warm_up": run.warm_up,
        "data.size": run.size,
        "data.holes": run.holes,
        "data.scale": run.scale,
    }


ALIGN_VARIANTS: dict[str, AlignConfig] = {
    "paper": AlignConfig(),
    # For the small autoencoder and a denoiser of toy size whose embeddings are 96 wide.
    "small": AlignConfig(
        alignment=Align(prior=192, width=96, blocks=2, head=32),
        training=AlignTraining(rate=5e-4),
        run=AlignRun(size=128, steps=4_000, batch=16, warm_up=200),
    ),
}
