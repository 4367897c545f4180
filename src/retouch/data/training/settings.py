"""What a training sample is: its size, how photos are cropped, which holes are drawn."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from retouch.data.training.curriculum import Curriculum

Share = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=100)]


class SampleSettings(BaseModel):
    """How samples are made of photos; what is random in them follows from the run's seed alone.

    Attributes:
        size: side in pixels of the square samples.
        scale: range of a crop's area, as share of the largest box of its shape that fits into the photo.
        aspect: range of width / height of a crop before it is scaled to a square; (1, 1) distorts nothing.
        flip: chance that a crop is mirrored left to right.
        smallest: photos with a shorter side than this, in pixels, are passed over; None: than `size`.
        holes: the name of a hole recipe, or several with weights: "mat-256-large:0.5,objects:0.5".
        objects: for recipes with object shapes: a folder of PNGs or an annotation file; None: made-up blobs.
        curriculum: the 2DGS paper's growing holes, for the recipes of that paper; None: the full range at once.
        draft: decode JPEG photos at 1/2, 1/4 or 1/8 where the crop stays as large as the sample. Much faster for large
            photos; pixels differ slightly from full decoding.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(default=256, ge=16, le=4096)
    scale: tuple[Share, Share] = (0.3, 1.0)
    aspect: tuple[Positive, Positive] = (3 / 4, 4 / 3)
    flip: float = Field(default=0.5, ge=0, le=1)
    smallest: int | None = Field(default=None, ge=1)
    holes: str = "mat-256-large"
    objects: str | None = None
    curriculum: Curriculum | None = None
    draft: bool = True

    @model_validator(mode="after")
    def _ordered(self) -> SampleSettings:
        for name, (low, high) in (("scale", self.scale), ("aspect", self.aspect)):
            if low > high:
                raise ValueError(f"{name}: is ({low:g}, {high:g}); accepted: the smaller number first")
        return self

    @property
    def shortest(self) -> int:
        """The shorter side, in pixels, that a photo needs."""
        return self.size if self.smallest is None else self.smallest
