"""What PSM's network is made of and how often it runs, and its named variants."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from retouch.methods.psm.schedules import ScheduleName

LEVELS = 6  # full size and five halvings
MULTIPLE = 2 ** (LEVELS - 1)  # height and width are multiples of it
SMALLEST = 64  # pixels a side: the coarsest features are then 2 x 2
MOST_ITERATIONS = 256  # when filling
BATCH = 32  # the paper's, over all devices
DEEP = (4, 5)  # levels, at 1/16 and 1/32, with an early convolutional block and attention

Channels: TypeAlias = tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt, PositiveInt, PositiveInt]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Network(_Settings):
    """What the network is made of; the defaults are the paper's, 74,278,312 parameters.

    Attributes:
        channels: at full size, 1/2, 1/4, 1/8, 1/16 and 1/32, of encoder and decoder.
        latent: length of the random latent z and of what it is mapped to.
        feature: length of the style's other half, the image's global feature.
        heads: of attention; they share the channels of 1/16 and of 1/32 equally.
        bias_channels: inside the function F that turns uncertainty into biases of attention (Eq. 6).
        attention: levels with attention, 4 for 1/16 and 5 for 1/32. Table 1's model G: (5,).
        guided: attention is biased by F. Off: Table 1's model F.
    """

    channels: Channels = (64, 128, 256, 512, 512, 512)
    latent: int = Field(default=512, ge=1)
    feature: int = Field(default=1024, ge=1)
    heads: int = Field(default=8, ge=1)
    bias_channels: int = Field(default=64, ge=1)
    attention: tuple[Literal[4, 5], ...] = (4, 5)
    guided: bool = True

    @property
    def style(self) -> int:
        """Length of the style: mapped latent and global feature."""
        return self.latent + self.feature

    @model_validator(mode="after")
    def _fits_together(self) -> Network:
        for level in self.attention:
            channels = self.channels[level]
            if channels % self.heads:
                accepted = f"divisors of the channels at 1/{2**level}, {channels}"
                raise ValueError(f"heads: is {self.heads}; accepted: {accepted}")
        return self


class Training(_Settings):
    """How the network is trained; the defaults are the paper's.

    Attributes:
        adversarial: weight of the adversarial loss (Eq. 7).
        perceptual: weight of the perceptual loss (Eq. 9); 0: none, and no weights are needed.
        likelihood: weight of the negative log-likelihood, which is a sum over the hole (Eq. 1).
        absolute: weight of the mean absolute error in the hole, which the paper does not have; 0: none. It holds
            colours in place, to which a short run's other losses are nearly blind.
        judge: the network of the perceptual loss; "auto": ResNet-50 where its weights are found, or else VGG16.
        judge_scale: VGG16 looks at photos scaled by this; 0.5 costs a quarter.
        decoupled: the losses judge the mean, the likelihood shapes the variance. Off: Table 1's model D, whose losses
            judge the sample, mean + alpha * sigma * noise, without a likelihood.
        alpha: how much of sigma is sampled between iterations (Eq. 5), in training and validation; 0: model E.
        schedule: how much of the hole is left after each iteration, in training and validation (Table 4).
        rate: learning rate of Adam, for both networks.
        discriminator: factor of the discriminator's channels.
        r1: strength of the gradient penalty R1 on real photos; 0: none.
        r1_every: steps from one penalty to the next, which counts so many times as much.
        ada: photos are augmented for the discriminator, as often as it needs (adaptive discriminator augmentation).
        ada_target: share of real photos told right (minus those told wrong) that is aimed at.
        ada_kimg: thousands of photos in which the probability of augmenting rises by 1 at most.
    """

    adversarial: float = Field(default=1.0, ge=0)
    perceptual: float = Field(default=2.0, ge=0)
    likelihood: float = Field(default=1e-4, ge=0)
    absolute: float = Field(default=0.0, ge=0)
    judge: Literal["auto", "resnet50", "vgg16"] = "auto"
    judge_scale: float = Field(default=1.0, gt=0, le=1)
    decoupled: bool = True
    alpha: float = Field(default=0.01, ge=0, le=1)
    schedule: ScheduleName = "linear"
    rate: float = Field(default=1e-3, gt=0)
    discriminator: float = Field(default=1.0, ge=1 / 64)
    r1: float = Field(default=10.0, ge=0)
    r1_every: int = Field(default=16, ge=1)
    ada: bool = False
    ada_target: float = Field(default=0.6, ge=-1, le=1)
    ada_kimg: float = Field(default=500.0, gt=0)


class PsmConfig(_Settings):
    """A network, its use and its training.

    Table 1's models, each one setting away from A: B and C have `trained_iterations` and `iterations` 1 and 2, A and
    the others 3; D `training.decoupled` off, E `training.alpha` 0, F `network.guided` off, G `network.attention` (5,).

    Attributes:
        network: what it is made of.
        size: side of the square photos it is trained on, in pixels.
        trained_iterations: T while training.
        iterations: T when filling, unless its user says otherwise.
        training: losses and their weights.
    """

    network: Network = Network()
    size: int = Field(default=512, ge=SMALLEST, multiple_of=MULTIPLE)
    trained_iterations: int = Field(default=2, ge=1)
    iterations: int = Field(default=4, ge=1, le=MOST_ITERATIONS)
    training: Training = Training()


def variant(name: str) -> PsmConfig:
    """The config called `name`.

    Raises:
        ValueError: an unknown name.
    """
    if name not in VARIANTS:
        raise ValueError(f"variant: is {name!r}; accepted: {', '.join(VARIANTS)}")
    return VARIANTS[name]


def run_defaults(config: PsmConfig) -> dict[str, Any]:
    """The paper's run as settings of `retouch train`, by dotted key: 20 million images of 512 pixels, 6 of 256."""
    large = config.size > 256
    return {
        "train.batch": BATCH,
        "train.steps": (20_000_000 if large else 6_000_000) // BATCH,
        "data.size": config.size,
        "data.holes": "mat-512-large" if large else "mat-256-large",
    }


VARIANTS: dict[str, PsmConfig] = {
    "paper-512": PsmConfig(),
    # The ablations: Table 1 trains and tests model A with three iterations.
    "paper-256": PsmConfig(size=256, trained_iterations=3, iterations=3),
    # For processors without a graphics card: 5.9 M parameters, 12 GFLOP per iteration at 256 x 256.
    "small": PsmConfig(
        network=Network(channels=(32, 64, 96, 128, 128, 160), latent=128, feature=128, bias_channels=32),
        size=256,
        iterations=2,
        training=Training(discriminator=0.5, judge_scale=0.5),  # the discriminator, too, has 6 M parameters
    ),
}
