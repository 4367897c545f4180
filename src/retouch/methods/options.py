"""Options of the methods that have no folder of their own."""

from __future__ import annotations

from pydantic import Field

from retouch.methods.base import Options


class PatchMatchOptions(Options):
    """Options of patchmatch."""

    patch_size: int = Field(default=3, ge=1, le=15, description="radius of the compared patches, in pixels")
    shrink: int = Field(
        default=1, ge=1, le=8, description="fill at 1/shrink of the size, then add detail; 2: twice as fast, less sharp"
    )


class RadiusOptions(Options):
    """Options of the OpenCV methods."""

    radius: float = Field(default=5.0, gt=0, le=100, description="neighbourhood that is looked at, in pixels")
