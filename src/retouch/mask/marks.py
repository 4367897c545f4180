"""Where the hole of a photo comes from (mask files, boxes, a colour, transparency) and how it is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from retouch.mask import Mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from retouch.photo import Photo
    from retouch.settings import Settings

Box: TypeAlias = tuple[int, int, int, int]  # x, y, width, height
Polygon: TypeAlias = tuple[tuple[float, float], ...]  # at least three points (x, y)


@dataclass(frozen=True)
class Marks:
    """Sources of a hole besides mask files, and what is done to their union: grow, shrink, invert, in this order.

    Attributes:
        boxes: (x, y, width, height) in pixels.
        polygons: points (x, y) in pixels.
        key: a colour such as "#ff00ff" that stands for hole.
        key_tolerance: how far each channel may be off, 0 to 255.
        from_alpha: transparent pixels of the photo are hole.
        grow: pixels to add all around.
        shrink: pixels to take away all around.
        invert: swap hole and known.
    """

    boxes: tuple[Box, ...] = ()
    polygons: tuple[Polygon, ...] = ()
    key: str | None = None
    key_tolerance: int = 0
    from_alpha: bool = False
    grow: int = 0
    shrink: int = 0
    invert: bool = False

    def __post_init__(self) -> None:
        for name, pixels in (("grow", self.grow), ("shrink", self.shrink)):
            if pixels < 0:
                raise ValueError(f"{name}: is {pixels}; accepted: 0 or more pixels")

    @property
    def any_source(self) -> bool:
        """Whether they mark anything without a mask file."""
        return bool(self.boxes or self.polygons or self.key is not None or self.from_alpha)

    @property
    def needs_photo(self) -> bool:
        """Whether they look at the photo's pixels."""
        return self.key is not None or self.from_alpha


def read_mask(
    source: Any, settings: Settings, size: tuple[int, int] | None, max_pixels: int, name: str = "mask"
) -> Mask:
    """Read one mask as `settings` say; errors as in `Mask.from_any`, which call the argument `name`."""
    try:
        return Mask.from_any(
            source,
            convention=settings.convention,
            threshold=settings.threshold,
            any_coverage=settings.any_coverage,
            size=size,
            resize=settings.resize_mask,
            max_pixels=max_pixels,
        )
    except (ValueError, OSError) as error:
        if name == "mask":
            raise
        raise type(error)(str(error).replace("mask", name, 1)) from None


def mark(masks: Sequence[Mask], marks: Marks, *, size: tuple[int, int], photo: Photo | None = None) -> Mask | None:
    """The union of all sources, changed as `marks` say; None where there is no source at all.

    Args:
        masks: masks that have been read.
        marks: the other sources and the changes.
        size: (width, height) of the photo.
        photo: the photo, for `key` and `from_alpha`.

    Raises:
        ValueError: a source does not fit the photo, or a change is asked for without a source.
    """
    sources = [*masks, *_drawn(marks, size), *_seen(marks, photo)]
    if not sources:
        if marks.grow or marks.shrink or marks.invert:
            raise ValueError("mask is missing: there is nothing to grow, shrink or invert")
        return None
    hole = sources[0].join(*sources[1:]) if len(sources) > 1 else sources[0]
    hole = hole.grow(marks.grow) if marks.grow else hole
    hole = hole.shrink(marks.shrink) if marks.shrink else hole
    return hole.invert() if marks.invert else hole


def _drawn(marks: Marks, size: tuple[int, int]) -> list[Mask]:
    drawn = [Mask.from_boxes(marks.boxes, size)] if marks.boxes else []
    return [*drawn, Mask.from_polygons(marks.polygons, size)] if marks.polygons else drawn


def _seen(marks: Marks, photo: Photo | None) -> list[Mask]:
    if not marks.needs_photo:
        return []
    if photo is None:
        raise ValueError("photo is missing: a colour and transparency are looked for in it")
    seen = []
    if marks.key is not None:
        seen.append(Mask.from_key(_colours(photo), marks.key, marks.key_tolerance))
    if marks.from_alpha:
        if photo.alpha is None:
            raise ValueError("from_alpha: the photo has no transparency; give a mask or a box instead")
        seen.append(Mask.from_alpha(photo.alpha))
    return seen


def _colours(photo: Photo) -> NDArray[Any]:
    """The photo's grey or RGB values as stored; of CMYK, whose inks no user types, the colours they show."""
    if photo.pixels.shape[2] != 4:
        return photo.pixels
    import numpy as np

    from retouch import photo as photos

    width, height = photo.size
    rgb: NDArray[np.uint8] = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, 64):
        bottom = min(top + 64, height)
        strip = photos.window_rgb(photo, (0, top, width, bottom))  # [rows, W, 3]
        rgb[top:bottom] = np.rint(strip * 255)
    return rgb
