"""What the released script does around the sampling, to compare with it: resizing, pasting, colour compensation.

`retouch fill` does none of this: its windows keep the photo's proportions and what is known (docs/windows.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from retouch.holes.morphology import dilate_box

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.methods.base import Images, Masks

MULTIPLE = 64
BLUR = 3  # pixels, of the mask when pasting
GROWTH = 10  # pixels by which the box around the hole is longer, in which colours are compared
COMPENSATION = 1.1


def prepare(image: Image.Image, mask: Image.Image, size: int, dilate: int = 0) -> tuple[Images, Masks]:
    """The photo and its hole as the network gets them: short side `size`, both sides cut to multiples of 64.

    Args:
        image: the photo.
        mask: of its size; 128 and above is hole.
        size: pixels, at least 64.
        dilate: side of the box that widens the resized hole, an odd number of pixels; 0: none.

    Returns:
        [H, W, 3] float32 in [-1, 1], nothing hidden, and [H, W] bool, True = hole.

    Raises:
        ValueError: a size below 64, sides that differ, or an even box.
    """
    if size < MULTIPLE:
        raise ValueError(f"size: is {size}; accepted: {MULTIPLE} or more")
    if image.size != mask.size:
        raise ValueError(f"mask_image: is {mask.size}; accepted: the image's size, {image.size}")
    if dilate and dilate % 2 == 0:
        raise ValueError(f"dilate: is {dilate}; accepted: 0, or an odd number of pixels")
    scale = size / min(image.size)
    width, height = (int(side * scale) if side != min(image.size) else size for side in image.size)
    target = (width // MULTIPLE * MULTIPLE, height // MULTIPLE * MULTIPLE)
    small = image.convert("RGB").resize(target, Image.Resampling.BICUBIC)
    hole = np.asarray(binary(mask).resize(target, Image.Resampling.BICUBIC)) >= 127.5  # [H, W]
    hole = dilate_box(hole, dilate)  # [H, W]
    pixels: Images = (np.asarray(small) / 127.5 - 1).astype(np.float32)  # [H, W, 3]
    return pixels, hole


def binary(mask: Image.Image) -> Image.Image:
    """The mask as 0 and 255."""
    return Image.fromarray(np.where(np.asarray(mask.convert("L")) >= 127.5, 255, 0).astype(np.uint8))


def finish(
    filled: NDArray[np.float32], image: Image.Image, mask: Image.Image, paste: bool = False, compensate: bool = False
) -> Image.Image:
    """The fill [H, W, 3] in [-1, 1], at the photo's size.

    Args:
        filled: as decoded.
        image, mask: the original ones.
        paste: known pixels come from the photo, through a blurred mask.
        compensate: shift the fill's colours by the difference around the hole; with `paste` only.
    """
    eight = (np.clip(filled / 2 + 0.5, 0, 1) * 255).astype(np.uint8)  # [H, W, 3]
    result = Image.fromarray(eight).resize(image.size, Image.Resampling.LANCZOS)
    if not paste:
        return result
    hole = binary(mask)
    alpha = np.asarray(hole.filter(ImageFilter.GaussianBlur(BLUR)))[..., None] / 255  # [H, W, 1]
    before, after = np.asarray(image.convert("RGB")), np.asarray(result)  # [H, W, 3]
    shift = COMPENSATION * difference(before, after, np.asarray(hole) > 0) if compensate else np.zeros(3)
    mixed = (after / 255 + shift / 255) * alpha + before / 255 * (1 - alpha)  # [H, W, 3]
    return Image.fromarray(np.clip(mixed * 255, 0, 255).astype(np.uint8))


def difference(before: NDArray[np.uint8], after: NDArray[np.uint8], hole: Masks) -> NDArray[np.float64]:
    """Mean colour [3] of `before` less that of `after`, around the hole in its larger box; 0 where that is empty."""
    ring = np.zeros_like(hole)  # [H, W]
    if hole.any():
        rows, columns = np.nonzero(hole)  # [n] each
        ring[span(rows), span(columns)] = True
        ring &= ~hole
    if not ring.any():
        return np.zeros(3)  # the script has the mean of nothing here
    mean: NDArray[np.float64] = before[ring].mean(0) - after[ring].mean(0)
    return mean


def span(places: NDArray[np.intp]) -> slice:
    """From the first to the last of rows or columns, and GROWTH more in all, the middle rounded down."""
    first, last = int(places.min()), int(places.max())
    middle, half = (first + last) // 2, (last - first + 1 + GROWTH) // 2
    return slice(max(middle - half, 0), middle + half + 1)
