"""Scaling a window down without letting the hole bleed, and up again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.methods.base import Images, Masks


def _resize_plane(plane: NDArray[np.float32], size: tuple[int, int], filter_: Image.Resampling) -> Images:
    image = Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32))
    return np.asarray(image.resize(size, filter_), dtype=np.float32)  # [h, w]


def shrink(image: Images, hole: Masks, size: tuple[int, int]) -> tuple[Images, Masks]:
    """Average the known pixels of each area: `low = mean(image * known) / mean(known)`.

    Args:
        image: [H, W, 3] float32.
        hole: [H, W] bool, True = hole; its pixels have no weight, so nothing of them reaches the result.
        size: (width, height) of the result.

    Returns:
        [h, w, 3] float32 (0 where an area holds no known pixel) and [h, w] bool: areas that a hole touches; where
        it touches all of them, only those without any known pixel.
    """
    known = (~hole).astype(np.float32)  # [H, W]
    weight = _resize_plane(known, size, Image.Resampling.BOX)  # [h, w]
    low = np.empty((size[1], size[0], 3), np.float32)
    for channel in range(3):
        low[..., channel] = _resize_plane(image[..., channel] * known, size, Image.Resampling.BOX)
    low /= np.maximum(weight, 1e-6)[..., None]
    # The tolerance absorbs the rounding of the box filter: an area is whole or lacks at least one pixel.
    pixel_share = 0.5 * min(1.0, size[0] * size[1] / hole.size)
    touched = weight < 1.0 - pixel_share  # [h, w]
    return np.clip(low, 0.0, 1.0), weight < pixel_share if touched.all() else touched


def enlarge(image: Images, size: tuple[int, int]) -> Images:
    """Interpolate [h, w, 3] or [h, w] float32 bilinearly to (width, height)."""
    if image.ndim == 2:
        return _resize_plane(image, size, Image.Resampling.BILINEAR)  # [H, W]
    planes = [_resize_plane(image[..., c], size, Image.Resampling.BILINEAR) for c in range(image.shape[2])]
    return np.stack(planes, axis=-1)  # [H, W, C]
