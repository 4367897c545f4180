"""What PixelHacker's network is made of, and its named variants (Xu et al. 2025, arXiv 2504.20438)."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

Category: TypeAlias = Literal["background", "foreground"]
Prediction: TypeAlias = Literal["epsilon", "v_prediction"]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Network(_Settings):
    """What the network is made of; the defaults are the released one's, 862,251,708 parameters.

    Attributes:
        in_channels: noisy latent, mask and masked latent: 2 * out_channels + 1.
        out_channels: of the latent, and of what is predicted.
        block_out_channels: at the latent's size, a half, a quarter, ...; there is no attention at the coarsest on the
            way down and up, as in Stable Diffusion 1.5.
        layers_per_block: residual blocks of one size on the way down; one more on the way up.
        heads: of both attentions at every size; they share the channels equally.
        groups: of the group normalisations.
        cross_attention_dim: length of a token of the context.
        embedding_rows: Table 7's "E.Dim": one half is the background's tokens, the other the foreground's.
        embedding_width: length of a row before it is projected.
        gate: of the linear attention. "low-rank": what is released, one gate over the keys through 16 numbers;
            "outer": the paper's Eq. 3 and 4 as printed, the product of a gate over the keys and one over the values.
        temperature: tau of Eq. 3: gates are sigmoids to the power of 1/tau.
        prediction: what is predicted: "epsilon", the noise, as released, or "v_prediction" (Salimans & Ho 2022), with
            which the colours of a network trained from scratch come right much earlier.
    """

    in_channels: PositiveInt = 9
    out_channels: PositiveInt = 4
    block_out_channels: tuple[PositiveInt, ...] = Field(default=(320, 640, 1280, 1280), min_length=2)
    layers_per_block: PositiveInt = 2
    heads: PositiveInt = 8
    groups: PositiveInt = 32
    cross_attention_dim: PositiveInt = 768
    embedding_rows: int = Field(default=20, ge=2, multiple_of=2)
    embedding_width: PositiveInt = 3072
    gate: Literal["low-rank", "outer"] = "low-rank"
    temperature: float = Field(default=16.0, gt=0)
    prediction: Prediction = "epsilon"

    @property
    def tokens(self) -> int:
        """Rows of the embedding that one category has."""
        return self.embedding_rows // 2

    def ids(self, category: Category) -> tuple[int, ...]:
        """The category's rows of the embedding: the first half is the background's (the released code calls it `fg`).

        Raises:
            ValueError: an unknown category.
        """
        if category == "background":
            return tuple(range(self.tokens))
        if category == "foreground":
            return tuple(range(self.tokens, self.embedding_rows))
        raise ValueError(f"category: is {category!r}; accepted: background, foreground")

    @model_validator(mode="after")
    def _fits_together(self) -> Network:
        if self.in_channels != 2 * self.out_channels + 1:
            wanted = 2 * self.out_channels + 1
            raise ValueError(f"in_channels: is {self.in_channels}; accepted: 2 * out_channels + 1, {wanted}")
        for channels in self.block_out_channels:
            if channels % self.groups or channels % (2 * self.heads):
                accepted = f"multiples of groups, {self.groups}, and of 2 * heads, {2 * self.heads}"
                raise ValueError(f"block_out_channels: has {channels}; accepted: {accepted}")
        return self


class Training(_Settings):
    """How the network is trained. The paper gives rate and batch; the rest is from the authors' later training code.

    Attributes:
        rate: learning rate of AdamW.
        weight_decay: of AdamW.
        timesteps: "uniform", or "logit-normal": 1000 * sigmoid(normal), fewer near both ends.
        noise_offset: standard deviation of noise that is the same for a whole channel, beside the noise of its pixels.
        lora_rank: 0: every weight learns; else only low-rank adapters (LoRA) of this rank at the attentions' layers.
    """

    rate: float = Field(default=1e-5, gt=0)
    weight_decay: float = Field(default=1e-2, ge=0)
    timesteps: Literal["uniform", "logit-normal"] = "uniform"
    noise_offset: float = Field(default=0.0357, ge=0)
    lora_rank: int = Field(default=0, ge=0)


class Run(_Settings):
    """What a training run is like unless its settings `train` and `data` say otherwise.

    Attributes:
        batch: photos per step.
        steps: of training.
        ema: decay of the average weights per step; None: the loop's own.
        holes: a recipe of holes, or a mixture, for photos without labels, whose holes are all background.
        combine: how background holes of pairs are put together, as `data.combine`; None: its default.
    """

    batch: int = Field(default=528, ge=1)
    steps: int = Field(default=200_000, ge=1)
    ema: float | None = Field(default=0.9999, ge=0, lt=1)
    holes: str = "lama-medium-512"
    combine: str | None = None


class PixelHackerConfig(_Settings):
    """A network, its use and its training.

    Attributes:
        network: what it is made of.
        size: side of the square photos it is trained on, in pixels.
        space: where it denoises: "latent", between a frozen VAE's encoder and decoder at an eighth of the size;
            "pixel", on the photo itself, for networks small enough to be trained on a processor.
        start: the weights that training starts from: a released model, such as "pixelhacker/pretrained", a converted
            file, or the card of an export; None: fresh ones.
        steps: of the samples that are drawn while training, for sheets and validation.
        guidance: of these samples; 1 is half the work.
        training: the loss and its optimiser.
        run: its length.
    """

    network: Network = Network()
    size: int = Field(default=512, ge=8, multiple_of=8)
    space: Literal["latent", "pixel"] = "latent"
    start: str | None = None
    steps: int = Field(default=20, ge=1, le=1000)
    guidance: float = Field(default=2.0, ge=1)
    training: Training = Training()
    run: Run = Run()

    @model_validator(mode="after")
    def _pixels_are_colours(self) -> PixelHackerConfig:
        if self.space == "pixel" and self.network.out_channels != 3:
            raise ValueError(f"network.out_channels: is {self.network.out_channels}; accepted: 3 with space 'pixel'")
        return self

    @model_validator(mode="after")
    def _adapters_have_a_base(self) -> PixelHackerConfig:
        if self.training.lora_rank and self.start is None:
            raise ValueError(
                f"training.lora_rank: is {self.training.lora_rank} without a start; accepted: 0, or a start"
            )
        return self


PRETRAINED = "pixelhacker/pretrained"  # the first set-up's weights, as released


def _rows(rows: int) -> PixelHackerConfig:
    return PixelHackerConfig(network=Network(embedding_rows=rows), start=PRETRAINED, run=Run(steps=36_000))


def variant(name: str) -> PixelHackerConfig:
    """The config called `name`.

    Raises:
        ValueError: an unknown name.
    """
    if name not in VARIANTS:
        raise ValueError(f"variant: is {name!r}; accepted: {', '.join(VARIANTS)}")
    return VARIANTS[name]


def run_defaults(config: PixelHackerConfig) -> dict[str, Any]:
    """`config.run` as settings of `retouch train`, by dotted key."""
    run = config.run
    ema = {} if run.ema is None else {"train.ema": {"decay": run.ema}}
    combine = {} if run.combine is None else {"data.combine": run.combine}
    return {
        "train.batch": run.batch,
        "train.steps": run.steps,
        "train.clip": 1.0,
        "train.gradient_checkpointing": config.space == "latent",
        "data.size": config.size,
        "data.holes": run.holes,
        **ema,
        **combine,
    }


# For processors without a graphics card: no VAE, photos of 64 x 64 pixels.
SMALL = PixelHackerConfig(
    network=Network(
        in_channels=7,
        out_channels=3,
        block_out_channels=(32, 64, 128),
        layers_per_block=1,
        heads=4,
        groups=16,
        cross_attention_dim=64,
        embedding_width=128,
        prediction="v_prediction",  # noise was far behind it, see docs/pixelhacker.md
    ),
    size=64,
    space="pixel",
    training=Training(rate=3e-4),
    run=Run(batch=16, steps=20_000, ema=None, holes="mat-256-large"),
)

# Section 4.2's four set-ups: the fine-tunings differ in length and batch only, and see photos without labels.
VARIANTS: dict[str, PixelHackerConfig] = {
    "small": SMALL,
    "paper": PixelHackerConfig(),
    "paper-places2": PixelHackerConfig(start=PRETRAINED, run=Run(steps=120_000)),
    "paper-celebahq": PixelHackerConfig(start=PRETRAINED, run=Run(steps=90_000, batch=352)),
    "paper-ffhq": PixelHackerConfig(start=PRETRAINED, run=Run(steps=60_000)),
    # Table 7: rows of the embedding, from the first set-up's weights. 20 rows are "paper".
    "paper-rows-64": _rows(64),
    "paper-rows-256": _rows(256),
    "paper-rows-1024": _rows(1024),
    # Table 6: what background holes are made of. All three go on from weights of 90,000 steps, which are not released:
    # name an own export with method.start.
    "paper-masks-scene": PixelHackerConfig(run=Run(steps=12_000, combine="scene")),
    "paper-masks-random": PixelHackerConfig(run=Run(steps=12_000, combine="scene-random")),
    "paper-masks-all": PixelHackerConfig(run=Run(steps=12_000, combine="union")),
    # Not the paper's: adapters alone, for one graphics card and few photos. They bear a higher rate, and a short run
    # needs an average that forgets sooner.
    "lora": PixelHackerConfig(
        start=PRETRAINED,
        training=Training(rate=1e-4, lora_rank=16),
        run=Run(batch=16, steps=10_000, ema=0.999),
    ),
}
