"""Every hyper-parameter of ASUKA's decoder and of the autoencoder that it decodes for, and their named variants.

Wang et al., arXiv 2312.04831, section 3.3. What the paper leaves open follows Zhu et al. 2023, "Designing a Better
Asymmetric VQGAN for StableDiffusion", whose decoder it goes on from.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

LEVELS = 4  # full size, 1/2, 1/4, 1/8


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Autoencoder(_Settings):
    """What encoder and decoder are made of; the defaults are Stable Diffusion's.

    Attributes:
        latent: channels of the latent; 4 for Stable Diffusion 1.5, 16 for FLUX.
        widths: channels at full size, 1/2, 1/4 and 1/8.
        blocks: residual blocks of a level of the encoder; the decoder has one more.
        groups: of the group normalisations.
        condition_mask: the condition encoder sees the mask too; without, it is that of Zhu et al.
        gates: its convolutions are gated, an option of the released code that its weights do not use.
        quant: 1 x 1 convolutions beside the latent, which Stable Diffusion has and FLUX has not.
        scaling: of the latent for a denoiser.
        shift: what is subtracted from it before; None: nothing.
    """

    latent: int = Field(default=4, ge=1)
    widths: tuple[int, ...] = (128, 256, 512, 512)
    blocks: int = Field(default=2, ge=1)
    groups: int = Field(default=32, ge=1)
    condition_mask: bool = True
    gates: bool = False
    quant: bool = True
    scaling: float = Field(default=0.18215, gt=0)
    shift: float | None = None

    @model_validator(mode="after")
    def _whole_groups(self) -> Autoencoder:
        if len(self.widths) != LEVELS or any(width < 1 or width % self.groups for width in self.widths):
            accepted = f"{LEVELS} multiples of groups, {self.groups}"
            raise ValueError(f"widths: is {list(self.widths)}; accepted: {accepted}")
        return self


class Loss(_Settings):
    """What the decoder minimises: L1 + LPIPS + an adversarial loss, as latent diffusion's autoencoders.

    Attributes:
        perceptual: weight of LPIPS over VGG16, beside an L1 distance of 1.
        perceptual_scale: photos are scaled by this before VGG16 sees them; 0.5 costs a quarter.
        adversarial: weight of the hinge loss, on top of the adaptive one; 0: no discriminator.
        adversarial_from: step from which there is a discriminator. Zhu et al. wait for 50001 steps, but the paper
            trains for 50 K in all: taken by the word there would be none.
        kl: weight of the posterior's divergence, where the encoder is trained.
        discriminator_width: channels of its first layer.
        discriminator_norm: "batch" as latent diffusion, or "group", which does not depend on the batch.
    """

    perceptual: float = Field(default=1.0, ge=0)
    perceptual_scale: float = Field(default=1.0, gt=0, le=1)
    adversarial: float = Field(default=0.8, ge=0)
    adversarial_from: int = Field(default=0, ge=0)
    kl: float = Field(default=1e-6, ge=0)
    discriminator_width: int = Field(default=64, ge=1)
    discriminator_norm: Literal["group", "batch"] = "batch"


class Jitter(_Settings):
    """Colour augmentation: how far each is drawn from 1, and the hue from 0.

    Attributes:
        brightness: factor of all channels.
        contrast: factor of the distance to the mean grey.
        saturation: factor of the distance to a pixel's own grey.
        hue: turn, as share of a whole one.
    """

    brightness: float = Field(default=0.15, ge=0, le=1)
    contrast: float = Field(default=0.2, ge=0, le=1)
    saturation: float = Field(default=0.1, ge=0, le=1)
    hue: float = Field(default=0.03, ge=0, le=0.5)


class Harmonisation(_Settings):
    """The decoder's task: from a spoilt photo's latent and the clean known pixels to the clean photo.

    Attributes:
        jitter: colour augmentation of what is encoded; None: Table 2d's "+ cond.".
        augmented: chance that the photo beside the sample (`Batch.labels`), a denoiser's one-step estimate of it, is
            encoded in its place, where there is one; 0: Table 2d's "+ color".
        whole: chance that the whole mask is hole, so that the decoder can do without known pixels.
        local: chance that what is encoded is spoilt in the hole only, as fills of other methods are. The paper spoils
            all of it, as a latent diffusion model does; then the known pixels tell how far all colours are off.
    """

    jitter: Jitter | None = Jitter()
    augmented: float = Field(default=0.5, ge=0, le=1)
    whole: float = Field(default=0.5, ge=0, le=1)
    local: float = Field(default=0.0, ge=0, le=1)


class Optimisation(_Settings):
    """How networks are moved: Adam.

    Attributes:
        rate: of the condition encoder, the discriminator and, where it is trained, the encoder.
        old_share: of that rate for what came with the autoencoder; Zhu et al.: 0.1. The paper does not say.
        betas: of Adam.
    """

    rate: float = Field(default=8e-5, gt=0)
    old_share: float = Field(default=0.1, gt=0, le=1)
    betas: tuple[float, float] = (0.5, 0.9)


class Run(_Settings):
    """What a training run is like unless its settings `train` and `data` say otherwise.

    Attributes:
        size: side of the square crops in pixels.
        steps: of training.
        batch: photos per step.
        warm_up: steps in which the learning rate rises; it then falls as a half cosine.
        holes: a recipe of holes, or a mixture.
    """

    size: int = Field(default=256, ge=32, multiple_of=8)
    steps: int = Field(default=50_000, ge=1)
    batch: int = Field(default=40, ge=1)
    warm_up: int = Field(default=5_000, ge=0)
    holes: str = "lama-thick-256"


class VaeConfig(_Settings):
    """A plain autoencoder, trained from scratch: what the small decoder goes on from.

    Attributes:
        network: what it is made of.
        loss: what it minimises.
        optimisation: how it is moved; all of it at `rate`.
        run: what a run is like.
    """

    network: Autoencoder
    loss: Loss
    optimisation: Optimisation
    run: Run


class DecoderConfig(_Settings):
    """The decoder and its training.

    Attributes:
        network: encoder and decoder; the encoder is frozen.
        loss: what the decoder minimises.
        optimisation: how it is moved.
        task: how samples are spoilt.
        run: what a run is like.
        vae: what is gone on from: a folder of diffusers' `AutoencoderKL`, an export of `asuka-vae` (its .json), or a
            released file with the encoder. To go on from an own export of the decoder, `train.start_from`.
    """

    network: Autoencoder = Autoencoder()
    loss: Loss = Loss()
    optimisation: Optimisation = Optimisation()
    task: Harmonisation = Harmonisation()
    run: Run = Run()
    vae: Path | None = None


def run_defaults(config: VaeConfig | DecoderConfig) -> dict[str, Any]:
    """`config.run` as settings of `retouch train`, by dotted key."""
    run = config.run
    return {
        "train.steps": run.steps,
        "train.batch": run.batch,
        "train.schedule": {"kind": "cosine", "warm_up": run.warm_up},
        "data.size": run.size,
        "data.holes": run.holes,
        "data.scale": (0.25, 1.0),  # a crop's side is at least half of the photo's shorter one (Zhu et al.)
        "data.aspect": (1.0, 1.0),
    }


# For processors without a graphics card: 2.4 M parameters. Four times Stable Diffusion's latent, because so small a
# decoder cannot make details up.
SMALL = Autoencoder(latent=16, widths=(32, 64, 64, 96), blocks=1, groups=8, scaling=1.0)
_SMALL_LOSS = Loss(perceptual_scale=0.5, adversarial_from=10_000, discriminator_width=32, discriminator_norm="group")
_SMALL_RATE = Optimisation(rate=5e-4, old_share=1.0)
_SMALL_RUN = Run(size=128, steps=20_000, batch=16, warm_up=500, holes="lama-medium-256")

VAE_VARIANTS: dict[str, VaeConfig] = {
    "small": VaeConfig(network=SMALL, loss=_SMALL_LOSS, optimisation=_SMALL_RATE, run=_SMALL_RUN),
}

DECODER_VARIANTS: dict[str, DecoderConfig] = {
    "paper": DecoderConfig(),
    "flux": DecoderConfig(
        network=Autoencoder(latent=16, quant=False, scaling=0.3611, shift=0.1159), run=Run(steps=160_000, batch=32)
    ),
    # It harmonises what other methods fill: no latent of a denoiser, the known pixels are always there.
    "small": DecoderConfig(
        network=SMALL,
        loss=_SMALL_LOSS,
        optimisation=_SMALL_RATE,
        task=Harmonisation(augmented=0.0, whole=0.1, local=0.8),
        run=_SMALL_RUN,
    ),
}
