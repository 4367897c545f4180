"""Strokes, discs and polygons on a canvas of pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retouch.holes.check import Size
    from retouch.methods.base import Masks

Point: TypeAlias = tuple[float, float]  # x, y


class Canvas:
    """A hole that is being drawn; what sticks out of it is cut off."""

    def __init__(self, size: Size, hole: Masks | None = None) -> None:
        """An empty canvas of (height, width), or one that starts as `hole` [H, W] bool."""
        self._image = Image.new("L", (size[1], size[0])) if hole is None else Image.fromarray(hole.astype(np.uint8))
        self._draw = ImageDraw.Draw(self._image)

    def stroke(self, points: Sequence[Point], width: int) -> None:
        """A polyline `width` pixels wide with a disc of radius `width` // 2 on every point."""
        self._draw.line(points, fill=1, width=width)
        radius, ellipse = width // 2, self._draw.ellipse
        for x, y in points:
            ellipse((x - radius, y - radius, x + radius, y + radius), 1)

    def line(self, points: Sequence[Point], thickness: int) -> None:
        """A polyline with round ends, as wide as OpenCV draws one of that thickness (odd ones are a pixel wider)."""
        reach = (thickness + 1) // 2
        self.stroke(points, 2 * reach + 1)

    def disc(self, x: float, y: float, radius: int) -> None:
        """A filled disc 2 * `radius` + 1 pixels across."""
        self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1)

    def polygon(self, points: Sequence[Point]) -> None:
        """A filled polygon, outline included."""
        self._draw.polygon(points, fill=1)

    def share(self) -> float:
        """The share of the canvas that has been drawn on."""
        return 1 - self._image.histogram()[0] / (self._image.width * self._image.height)

    def hole(self) -> Masks:
        """What has been drawn so far, [H, W] bool."""
        return np.asarray(self._image).astype(bool)
