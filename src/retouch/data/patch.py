"""How one of patchmatch's fills is made that a network is given to choose from."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Patch(BaseModel):
    """One fill by patchmatch.

    Attributes:
        radius: of the compared patches, in pixels.
        shrink: it is made at 1/shrink of the size, enlarged, and given detail: larger structures, and quicker.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    radius: int = Field(default=3, ge=1, le=15)
    shrink: int = Field(default=1, ge=1, le=8)
