"""What PixelHacker's network is made of, and its named variants (Xu et al. 2025, arXiv 2504.20438)."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

Category: TypeAlias = Literal["background", "foreground"]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Network(_Settings):
    """What the network is made of; the defaults are the released one's, 862,251,708 parameters.

    Attributes:
        in_channels: noisy latent, mask and masked latent: 2 * out_channels + 1.
        out_channels: of the latent, and of the noise that is predicted.
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


class PixelHackerConfig(_Settings):
    """A network and its use.

    Attributes:
        network: what it is made of.
        size: side of the square photos it is trained on, in pixels.
        space: where it denoises: "latent", between a frozen VAE's encoder and decoder at an eighth of the size;
            "pixel", on the photo itself, for networks small enough to be trained on a processor.
    """

    network: Network = Network()
    size: int = Field(default=512, ge=8, multiple_of=8)
    space: Literal["latent", "pixel"] = "latent"


def variant(name: str) -> PixelHackerConfig:
    """The config called `name`.

    Raises:
        ValueError: an unknown name.
    """
    if name not in VARIANTS:
        raise ValueError(f"variant: is {name!r}; accepted: {', '.join(VARIANTS)}")
    return VARIANTS[name]


VARIANTS: dict[str, PixelHackerConfig] = {
    "paper": PixelHackerConfig(),
    # For processors without a graphics card: no VAE, photos of 64 x 64 pixels.
    "small": PixelHackerConfig(
        network=Network(
            in_channels=7,
            out_channels=3,
            block_out_channels=(64, 128, 192),
            layers_per_block=1,
            cross_attention_dim=64,
            embedding_width=128,
        ),
        size=64,
        space="pixel",
    ),
}
