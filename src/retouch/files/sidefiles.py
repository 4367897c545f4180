"""Pictures about a fill: a comparison, the fill alone as a layer, the uncertainty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from retouch import photo as photos
from retouch.atomic import atomic
from retouch.mask import dilate
from retouch.photo import Photo, Source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from retouch.filler import Result
    from retouch.methods.base import Masks

COMPARISON_SIDE = 2000  # the longest side of a comparison, in pixels
GAP = 8
OUTLINE = np.array([255, 0, 96], np.uint8)  # rare in photos
STRIP = 2**19  # pixels converted at a time


def layer(result: Result) -> Photo:
    """The fill alone, to lay over the photo in an image editor.

    Returns:
        A photo of the result's size with its profile: where pixels may have changed the result, opaque; elsewhere
        black and transparent. Grey and CMYK photos give sRGB.
    """
    filled, changed = result.photo, result.changed
    if filled.pixels.shape[2] == 3:
        pixels, source = filled.pixels, Source(mode="RGBA", icc=filled.source.icc, dpi=filled.source.dpi)
    else:
        pixels, source = _rgb8(filled), Source(mode="RGBA", dpi=filled.source.dpi)
    alone = np.where(changed[..., None], pixels, pixels.dtype.type(0))  # [H, W, 3]
    alpha = changed.astype(pixels.dtype) * np.iinfo(pixels.dtype).max  # [H, W]
    return Photo(alone, alpha, source)


def _rgb8(photo: Photo) -> NDArray[np.uint8]:
    """[H, W, 3] uint8 in sRGB, converted in strips so that no large float copy exists."""
    width, height = photo.size
    rgb = np.empty((height, width, 3), np.uint8)
    rows = max(1, STRIP // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        rgb[top:bottom] = np.rint(photos.window_rgb(photo, (0, top, width, bottom)) * 255)
    return rgb


def reduction(size: tuple[int, int], panels: int) -> int:
    """By how much photos of (width, height) are reduced so that so many fit a comparison side by side."""
    room = (COMPARISON_SIDE - GAP * (panels - 1)) // panels
    return max(1, -(-size[0] // max(room, 1)), -(-size[1] // COMPARISON_SIDE))


def panel(photo: Photo, factor: int) -> NDArray[np.uint8]:
    """[h, w, 3] uint8 in sRGB: the photo with each `factor` x `factor` pixels averaged to one."""
    width, height = photo.size
    rows = factor * max(1, STRIP // (width * factor))
    strips = [
        _averaged(photos.window_rgb(photo, (0, top, width, min(top + rows, height))), factor)
        for top in range(0, height, rows)
    ]
    return np.rint(np.concatenate(strips) * 255).astype(np.uint8)


def _averaged(rgb: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    if factor == 1:
        return rgb
    starts = [np.arange(0, length, factor) for length in rgb.shape[:2]]
    sums = np.add.reduceat(np.add.reduceat(rgb, starts[0], axis=0), starts[1], axis=1)  # [h, w, 3]
    heights, widths = (np.diff([*start, length]) for start, length in zip(starts, rgb.shape[:2], strict=True))
    counts = np.outer(heights, widths)[..., None].astype(np.float32)  # [h, w, 1]
    return np.divide(sums, counts, dtype=np.float32)


def outlined(image: NDArray[np.uint8], hole: Masks, factor: int) -> NDArray[np.uint8]:
    """The panel [h, w, 3] with a line around the hole [H, W] of the unreduced photo."""
    tops, lefts = (np.arange(0, length, factor) for length in hole.shape)
    small = np.logical_or.reduceat(np.logical_or.reduceat(hole, tops, axis=0), lefts, axis=1)  # [h, w]
    line = dilate(small, 2) & ~small
    return np.where(line[..., None], OUTLINE, image)


def side_by_side(panels: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Panels [h, w, 3] of one height in a row, white between them."""
    gap = np.full((panels[0].shape[0], GAP, 3), 255, np.uint8)
    parts = [part for one in panels for part in (gap, one)]
    return np.concatenate(parts[1:], axis=1)


def save_picture(image: NDArray[np.uint8], path: Path, overwrite: bool = False) -> None:
    """Write [h, w] or [h, w, 3] uint8 as PNG or JPEG, as the suffix says."""
    kind = "PNG" if path.suffix.lower() == ".png" else "JPEG"
    with atomic(path, overwrite=overwrite) as file:
        Image.fromarray(image).save(file, kind, quality=92)


def uncertainty_picture(result: Result) -> NDArray[np.uint8]:
    """[H, W] uint8, white = the method knows nothing; all black where nothing was to be filled.

    Raises:
        ValueError: the method does not tell its uncertainty.
    """
    if not result.card.needs.uncertainty:
        raise ValueError(f"uncertainty: model {result.card.name!r} does not tell its uncertainty")
    if result.uncertainty is None:
        return np.zeros(result.hole.shape, np.uint8)
    return np.rint(np.clip(result.uncertainty, 0, 1) * 255).astype(np.uint8)
