"""Holes that grow during training (2DGS paper, appendix A.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, model_validator

from retouch.holes.check import checked_count

if TYPE_CHECKING:
    from retouch.holes.check import Ratio


class Curriculum(BaseModel):
    """How fast the nominal share of hole grows. The range and the step are the official code's.

    Attributes:
        every: epochs from one step to the next: 20 for CelebA-HQ, 1 for Places.
        low: smallest ratio, always.
        high: largest ratio at the end.
        step: what the largest ratio grows by.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: int = Field(default=20, ge=1)
    low: float = Field(default=0.2, ge=0, le=1)
    high: float = Field(default=0.6, ge=0, le=1)
    step: float = Field(default=0.1, gt=0, le=1)

    @model_validator(mode="after")
    def _ordered(self) -> Curriculum:
        if self.low > self.high:
            raise ValueError(f"curriculum: low is {self.low:g}; accepted: at most high, {self.high:g}")
        return self


def ratio_range(epoch: int, curriculum: Curriculum) -> Ratio:
    """[low, min(low + step * floor(epoch / every), high)]: the range of ratios to draw from in an epoch.

    The upper end grows step by step; once it is `high`, ratios are uniform over the full range, so that small holes are
    not forgotten (the official code stays at the largest ratio instead).

    Args:
        epoch: from 0 up.
        curriculum: how fast.

    Returns:
        (smallest, largest) nominal ratio, which steers how much is drawn: measured shares scatter around it.

    Raises:
        ValueError: `epoch` is no integer from 0 up.
    """
    stage = checked_count("epoch", epoch) // curriculum.every
    return curriculum.low, min(curriculum.low + curriculum.step * stage, curriculum.high)
