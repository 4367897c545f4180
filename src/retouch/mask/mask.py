"""The mask in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from retouch.photo.limits import DEFAULT_MAX_PIXELS

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from retouch.methods.base import Masks

Convention: TypeAlias = Literal["white", "black", "alpha"]
Size: TypeAlias = tuple[int, int]  # width, height


@dataclass(frozen=True, eq=False, repr=False)
class Mask:
    """Where a photo has a hole, in displayed orientation.

    Attributes:
        hole: [H, W] bool, True = hole; a read-only view.
        notes: what the user should know of how it was read.

    Raises ValueError where `hole` is not a bool array [H, W] with at least one pixel.
    """

    hole: Masks
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Mask({self.size[0]} x {self.size[1]}, {self.coverage:.1%} hole)"

    def __post_init__(self) -> None:
        from retouch.mask.check import checked_hole

        object.__setattr__(self, "hole", checked_hole(self.hole))

    @classmethod
    def from_any(
        cls,
        x: Any,
        *,
        convention: Convention = "white",
        threshold: float = 0.5,
        any_coverage: bool = False,
        size: Size | None = None,
        resize: bool = False,
        max_pixels: int = DEFAULT_MAX_PIXELS,
    ) -> Mask:
        """Read a mask of any kind.

        Args:
            x: path, bytes or binary file (brought into displayed orientation), PIL image of any mode (taken as it
                stands), NumPy array [H, W] or [H, W, C] with C = 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) of
                bool, uint8, uint16, 0/1 integers or floats in [0, 1], torch tensor [H, W] or [1, H, W] of these, or
                a Mask (which is only checked for its size).
            convention: "white": what is bright is hole; "black": what is dark is hole; "alpha": what is
                transparent is hole. In the first two, transparent pixels are no hole.
            threshold: share of white (black, transparency) from which a pixel is hole, above 0 and up to 1.
            any_coverage: every pixel that is not wholly known is hole, whatever the threshold.
            size: (width, height) of the photo.
            resize: scale a mask of another size than `size` to it (nearest pixel) instead of refusing it.
            max_pixels: files with more pixels are refused before they are decoded.

        Raises:
            FileNotFoundError: there is no such file.
            OSError: the file is unreadable, empty, damaged or no image.
            ValueError: wrong type, dtype, range, shape, size or option, an animation, or too many pixels.
        """
        from retouch.mask.read import read

        return read(x, convention, threshold, any_coverage, size, resize, max_pixels)

    @classmethod
    def from_boxes(cls, boxes: Iterable[Sequence[int]], size: Size) -> Mask:
        """The union of `boxes` (x, y, width, height) in pixels, in a photo of `size` (width, height).

        Boxes may stick out of the photo; one that lies wholly outside raises ValueError.
        """
        from retouch.mask.draw import boxes_hole

        return cls(boxes_hole(boxes, size))

    @classmethod
    def from_polygons(cls, polygons: Iterable[Iterable[Sequence[float]]], size: Size) -> Mask:
        """The union of `polygons`, each at least three points (x, y) in pixels, outlines included.

        Polygons may stick out of the photo of `size` (width, height); one that touches no pixel of it, has too few
        points or coordinates that are not finite raises ValueError.
        """
        from retouch.mask.draw import polygons_hole

        return cls(polygons_hole(polygons, size))

    @classmethod
    def from_alpha(cls, alpha: NDArray[Any], *, threshold: float = 0.5) -> Mask:
        """What is transparent is hole.

        Args:
            alpha: [H, W] bool, uint8, uint16 or float in [0, 1]; 0 / False = transparent.
            threshold: share of transparency from which a pixel is hole, above 0 and up to 1.

        Raises:
            ValueError: wrong dtype, shape, range or threshold.
        """
        from retouch.mask.read import read_alpha

        return read_alpha(alpha, threshold)

    @classmethod
    def from_key(cls, rgb: NDArray[Any], colour: str | Sequence[int], tolerance: int = 0) -> Mask:
        """What has the given colour is hole.

        Args:
            rgb: [H, W] or [H, W, 1] (grey), [H, W, 3] or [H, W, 4] (alpha is not looked at) of uint8, uint16 or
                float in [0, 1].
            colour: "#ff00ff", "f0f", "255,0,255" or three integers from 0 to 255.
            tolerance: how far each channel may be off, from 0 to 255.

        Raises:
            ValueError: wrong dtype, shape, range, colour or tolerance.
        """
        from retouch.mask.draw import key_hole

        return cls(*key_hole(rgb, colour, tolerance))

    def grow(self, n: int) -> Mask:
        """The mask with `n` pixels (>= 0) more all around its holes."""
        from retouch.mask.morphology import dilate

        return replace(self, hole=dilate(self.hole, n))

    def shrink(self, n: int) -> Mask:
        """The mask with `n` pixels (>= 0) less all around its holes; the photo's border takes nothing away."""
        from retouch.mask.morphology import erode

        return replace(self, hole=erode(self.hole, n))

    def invert(self) -> Mask:
        """Known pixels become hole and holes known."""
        return replace(self, hole=~self.hole)

    def join(self, *others: Mask) -> Mask:
        """What is hole in any of the masks; another size raises ValueError."""
        hole, notes = self.hole.copy(), self.notes  # [H, W]
        for other in others:
            if other.size != self.size:
                raise ValueError(f"mask: {_by(other.size)} cannot be joined to one of {_by(self.size)} pixels")
            hole |= other.hole
            notes += tuple(note for note in other.notes if note not in notes)
        return Mask(hole, notes)

    def resized(self, size: Size) -> Mask:
        """The mask scaled to `size` (width, height), each pixel from the nearest."""
        from retouch.mask.draw import nearest

        return replace(self, hole=nearest(self.hole, size))

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> None:
        """Write a 1-bit PNG, white = hole.

        Raises:
            FileExistsError: the file exists and `overwrite` is False.
            OSError: it cannot be written.
            ValueError: `path` has another suffix than .png.
        """
        from retouch.mask.draw import save_png

        save_png(self.hole, path, overwrite)

    @property
    def size(self) -> Size:
        """(width, height) in pixels."""
        return self.hole.shape[1], self.hole.shape[0]

    @property
    def coverage(self) -> float:
        """Share of the photo that is hole, from 0 to 1."""
        import numpy as np

        return int(np.count_nonzero(self.hole)) / self.hole.size

    @property
    def empty(self) -> bool:
        """Nothing is hole."""
        return not self.hole.any()


def _by(size: Size) -> str:
    return f"{size[0]}x{size[1]}"
