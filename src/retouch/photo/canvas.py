"""Copies of a photo that may be changed: the same size, or on a larger canvas."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from retouch.photo.photo import Photo, Pixels


def edit(photo: Photo) -> Photo:
    """An editable copy: pixels and alpha are copied once, `changed` is [H, W] bool.

    A photo that is editable already keeps what it has marked as changed.
    """
    height, width = photo.pixels.shape[:2]
    marks = np.zeros((height, width), np.bool_) if photo.changed is None else photo.changed.copy()  # [H, W]
    alpha = None if photo.alpha is None else photo.alpha.copy()
    return replace(photo, pixels=photo.pixels.copy(), alpha=alpha, changed=marks)


def enlarge(photo: Photo, left: int, top: int, right: int, bottom: int) -> Photo:
    """An editable copy on a larger canvas, for outpainting.

    Args:
        photo: the photo.
        left: new pixels on this side, as are `top`, `right` and `bottom`; none may be negative.

    Returns:
        A photo of [H + top + bottom, W + left + right]; the new pixels are 0, opaque and marked as changed.

    Raises:
        ValueError: a side is negative.
    """
    for name, number in {"left": left, "top": top, "right": right, "bottom": bottom}.items():
        if number < 0:
            raise ValueError(f"{name}: is {number}; accepted: 0 or more pixels")
    height, width = photo.pixels.shape[:2]
    inside = (slice(top, top + height), slice(left, left + width))

    def on_canvas(plane: Pixels, value: int) -> Pixels:
        shape = (height + top + bottom, width + left + right, *plane.shape[2:])
        larger = np.full(shape, value, plane.dtype) if value else np.zeros(shape, plane.dtype)  # [H', W', ...]
        larger[inside] = plane
        return larger

    changed = np.ones((height + top + bottom, width + left + right), np.bool_)  # [H', W']
    changed[inside] = False if photo.changed is None else photo.changed
    x, y = photo.source.placed
    return replace(
        photo,
        pixels=on_canvas(photo.pixels, 0),
        alpha=None if photo.alpha is None else on_canvas(photo.alpha, int(np.iinfo(photo.alpha.dtype).max)),
        changed=changed,
        source=replace(photo.source, size=photo.source.size or photo.size, placed=(x + left, y + top)),
    )
