"""Every hyper-parameter of the U-Net, and its named variants."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class UnetConfig(BaseModel):
    """What the U-Net is and how it is trained.

    Attributes:
        width: channels at a quarter of the photo's size; twice and four times as many at an eighth and a sixteenth.
        dilations: of the blocks at a sixteenth, one each; they let a pixel see across a large hole.
        rate: learning rate of AdamW.
        hole_weight: how much more a pixel of the hole counts in the L1 loss than a known one.
        perceptual: weight of the VGG16 perceptual loss; 0: none, and no weights are needed.
        perceptual_scale: photos are scaled by this before VGG16 sees them; 0.5 costs a quarter.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = Field(default=16, ge=1)
    dilations: tuple[int, ...] = Field(default=(1, 2, 4), min_length=1)
    rate: float = Field(default=2e-3, gt=0)
    hole_weight: float = Field(default=5.0, ge=0)
    perceptual: float = Field(default=0.0, ge=0)
    perceptual_scale: float = Field(default=0.5, gt=0, le=1)


VARIANTS = {
    "tiny": UnetConfig(),
    "small": UnetConfig(width=40, dilations=(1, 2, 4, 8), rate=1e-3),
}
