"""Every hyper-parameter of blend, and its named variants."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from retouch.data.patch import Patch

MULTIPLE = 16  # sides of what the network takes are multiples of it
HOLES = "objects:0.75,deepfill-v2-brush:0.25"  # things to be removed, and scribbles
SCALE = (0.1, 1.0)  # a sample's share of its photo: from details of large photos to whole scenes


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Network(_Settings):
    """What the network is.

    Attributes:
        patches: fills by patchmatch, each with a seed of its own; the smooth fill is always one candidate more.
        width: channels at a quarter of the photo's size; twice and four times as many at an eighth and a sixteenth.
        dilations: of the blocks at a sixteenth, one each; they let a pixel see across a large hole.
        correction: what is added to the weighted candidates is at most so much, in colours of [0, 1].
        painted: the network's own colours are one more candidate.
    """

    patches: tuple[Patch, ...] = Field(
        default=(Patch(radius=3), Patch(radius=3, shrink=2), Patch(radius=5, shrink=2)), min_length=1, max_length=8
    )
    width: int = Field(default=40, ge=1)
    dilations: tuple[int, ...] = Field(default=(1, 2, 4, 8), min_length=1)
    correction: float = Field(default=0.15, ge=0, le=1)
    painted: bool = True

    @property
    def candidates(self) -> int:
        """How many fills the network is given."""
        return len(self.patches) + 1


class Loss(_Settings):
    """Weights of the losses; all of them see the photo with the fill pasted into the hole.

    Attributes:
        l1: mean |fill - photo| over all pixels, known ones included, so that it grows with the hole.
        perceptual: L1 distance of VGG16's features.
        style: distance of their Gram matrices.
        lpips: LPIPS through VGG16 (AlexNet's is kept for judging). With all three 0 no weights are needed.
        perceptual_scale: VGG16 looks at photos scaled by this; 1 makes a step three times as long.
        adversarial: weight of the discriminator's word; 0: there is none.
        adversarial_from: step from which it counts, and from which the discriminator learns.
        r1: strength of the gradient penalty on real photos; 0: none.
        r1_every: steps from one penalty to the next, which counts so many times as much.
        discriminator: factor of the discriminator's channels.
    """

    l1: float = Field(default=5.0, ge=0)
    perceptual: float = Field(default=0.1, ge=0)
    style: float = Field(default=25.0, ge=0)
    lpips: float = Field(default=0.0, ge=0)
    perceptual_scale: float = Field(default=0.5, gt=0, le=1)
    adversarial: float = Field(default=0.005, ge=0)
    adversarial_from: int = Field(default=2000, ge=0)
    r1: float = Field(default=5.0, ge=0)
    r1_every: int = Field(default=16, ge=1)
    discriminator: float = Field(default=0.25, gt=0)


class BlendConfig(_Settings):
    """A network, its use and its training.

    Attributes:
        network: what it is.
        loss: what it is trained against.
        size: side of the square samples it is trained on, in pixels.
        native: side of the windows that it fills; larger ones are scaled down to about it.
        rate: learning rate of AdamW.
        discriminator_rate: of the discriminator's Adam.
    """

    network: Network = Network()
    loss: Loss = Loss()
    size: int = Field(default=128, ge=64, multiple_of=MULTIPLE)
    native: int = Field(default=512, ge=64)
    rate: float = Field(default=1e-3, gt=0)
    discriminator_rate: float = Field(default=1e-3, gt=0)


VARIANTS = {
    "small": BlendConfig(),
    # For tests and first steps: no weights of VGG16 needed.
    "tiny": BlendConfig(
        network=Network(patches=(Patch(radius=1),), width=8, dilations=(1, 2)),
        loss=Loss(perceptual=0, style=0, adversarial=0),
        size=64,
    ),
}


def run_defaults(config: BlendConfig) -> dict[str, Any]:
    """What a run is like unless its user says otherwise, by dotted key of the settings."""
    return {
        "train.steps": 6000,
        "train.batch": 16,
        "train.schedule": {"kind": "cosine", "warm_up": 100},
        "train.clip": 1.0,
        "data.size": config.size,
        "data.holes": HOLES,
    }
