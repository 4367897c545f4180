"""Every hyper-parameter of ASUKA's prior and of its alignment, and their named variants.

Wang et al., "Towards Enhanced Image Inpainting: Mitigating Unwanted Object Insertion and Preserving Color Consistency",
arXiv 2312.04831. The paper is about Stable Diffusion 1.5, its released code about FLUX.1-Fill.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Mae(_Settings):
    """What the masked autoencoder is made of; the defaults are the released one's, ViT-B/16 without class token.

    Attributes:
        size: side of the square photos that it sees, in pixels; others are scaled to it.
        patch: side of a patch in pixels; a token stands for one.
        width: M, numbers in a token of the encoder.
        depth: blocks of the encoder.
        heads: attention heads of the encoder.
        decoder_width: numbers in a token of the decoder, and of the prior.
        decoder_depth: blocks of the decoder.
        decoder_heads: attention heads of the decoder.
        prior_depth: blocks of the decoder after which the prior is taken.
        ratio: how much wider than a token the hidden layer of a block's MLP is.
        alpha: what alpha starts from: the share of the mask token in patches that the hole covers in part. 1: what
            such a patch still shows is not looked at, as in the original autoencoder.
    """

    size: int = Field(default=256, ge=1)
    patch: int = Field(default=16, ge=1)
    width: int = Field(default=768, ge=4, multiple_of=4)
    depth: int = Field(default=12, ge=1)
    heads: int = Field(default=12, ge=1)
    decoder_width: int = Field(default=512, ge=4, multiple_of=4)
    decoder_depth: int = Field(default=8, ge=1)
    decoder_heads: int = Field(default=16, ge=1)
    prior_depth: int = Field(default=6, ge=1)
    ratio: int = Field(default=4, ge=1)
    alpha: float = Field(default=1.0, ge=0, le=1)

    @property
    def grid(self) -> int:
        """Patches along a side."""
        return self.size // self.patch

    @property
    def tokens(self) -> int:
        """N, patches of a photo."""
        return self.grid**2

    @model_validator(mode="after")
    def _fits_together(self) -> Mae:
        if self.size % self.patch:
            raise ValueError(f"size: is {self.size}; accepted: multiples of patch, {self.patch}")
        if self.prior_depth > self.decoder_depth:
            raise ValueError(f"prior_depth: is {self.prior_depth}; accepted: 1 to decoder_depth, {self.decoder_depth}")
        pairs = (("heads", self.heads, self.width), ("decoder_heads", self.decoder_heads, self.decoder_width))
        for name, heads, width in pairs:
            if width % heads:
                raise ValueError(f"{name}: is {heads}; accepted: divisors of the width {width}")
        return self


class MaeTraining(_Settings):
    """How the autoencoder is trained; the paper's numbers, and MAE-FAR's (Cao et al. 2022) where it gives none.

    Attributes:
        removed: share of the patches that the encoder does not see. Random ones are added to those that the hole
            touches, up to this.
        loss: squared error over the pixels that are hidden ("pixel"), or over the patches that are not seen, with what
            they still show ("patch", as the original autoencoder).
        rate: learning rate of AdamW: MAE-FAR's 1.5e-4 for each 256 photos, at the paper's batch of 1024.
        betas: of AdamW.
        weight_decay: of AdamW; biases, norms and alpha have none.
    """

    removed: float = Field(default=0.75, ge=0, lt=1)
    loss: Literal["pixel", "patch"] = "pixel"
    rate: float = Field(default=6e-4, gt=0)
    betas: tuple[float, float] = (0.9, 0.95)
    weight_decay: float = Field(default=0.05, ge=0)


class MaeRun(_Settings):
    """What a training run is like unless its settings `train` and `data` say otherwise; its size is the network's.

    Attributes:
        steps: of training: 300 epochs (the released file's name says so) of Places2's 1.8 M photos.
        batch: photos per step.
        warm_up: steps in which the learning rate rises, 10 epochs; it then falls as a half cosine.
        clip: largest norm of the gradient; None: not clipped.
        holes: a recipe of holes, or a mixture.
        scale: range of a crop's area, as share of the photo.
    """

    steps: int = Field(default=527_000, ge=1)
    batch: int = Field(default=1024, ge=1)
    warm_up: int = Field(default=17_600, ge=0)
    clip: float | None = Field(default=None, gt=0)
    holes: str = "asuka"
    scale: tuple[float, float] = (0.2, 1.0)


class MaeConfig(_Settings):
    """The autoencoder and its training.

    Attributes:
        network: what it is made of.
        training: how it learns.
        run: length, holes and crops.
        start: a released file that a fresh run starts from: ASUKA's `mae_300.pth`, one of MAE-FAR's, or that of
            facebook/vit-mae-base. To go on from an own export, `train.start_from`.
    """

    network: Mae = Mae()
    training: MaeTraining = MaeTraining()
    run: MaeRun = MaeRun()
    start: Path | None = None


class Align(_Settings):
    """What the alignment is made of: from the prior to what a diffusion model takes for an embedded text.

    Attributes:
        prior: M_m, numbers in a token of the prior.
        width: M_s, numbers in a token of the text embedding.
        blocks: self-attention blocks; 0 and 1 are Table 2b's "linear" and "attn".
        head: width of an attention head.
        pooled: the mean over the tokens is asked for, one vector, in place of a text's pooled embedding.
    """

    prior: int = Field(default=512, ge=1)
    width: int = Field(default=768, ge=1)
    blocks: int = Field(default=4, ge=0)
    head: int = Field(default=64, ge=1)
    pooled: bool = False

    @model_validator(mode="after")
    def _whole_heads(self) -> Align:
        if self.width % self.head:
            raise ValueError(f"width: is {self.width}; accepted: multiples of head, {self.head}")
        return self


def mae_run_defaults(config: MaeConfig) -> dict[str, Any]:
    """`config.run` as settings of `retouch train`, by dotted key."""
    run = config.run
    return {
        "train.steps": run.steps,
        "train.batch": run.batch,
        "train.clip": run.clip,
        "train.schedule.kind": "cosine",
        "train.schedule.warm_up": run.warm_up,
        "data.size": config.network.size,
        "data.holes": run.holes,
        "data.scale": run.scale,
    }


ALIGNMENTS: dict[str, Align] = {
    "sd15": Align(),
    "flux-clip": Align(pooled=True),
    "flux-t5": Align(width=4096),
}

MAE_VARIANTS: dict[str, MaeConfig] = {
    "paper": MaeConfig(),
    # For processors without a graphics card: 7.1 M parameters, from scratch. As many tokens as the paper's.
    "small": MaeConfig(
        network=Mae(
            width=256,
            depth=6,
            heads=8,
            decoder_width=192,
            decoder_depth=4,
            decoder_heads=6,
            prior_depth=3,
            alpha=0.5,
        ),
        training=MaeTraining(rate=1e-3),
        run=MaeRun(steps=20_000, batch=32, warm_up=500, clip=1.0),
    ),
}
