"""Windows of a photo as sRGB, and back: only the pixels asked for are ever converted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from retouch.photo.colour import fits_srgb, from_srgb, to_srgb

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.photo.photo import Box, Photo

SAMPLES = 65_536  # pixels that are looked at to choose the colours, whatever the photo's size


def window_rgb(photo: Photo, box: Box) -> NDArray[np.float32]:
    """The colours of one window as sRGB, whatever the photo's own colour space and depth.

    Args:
        photo: the photo.
        box: (x0, y0, x1, y1) in pixels, x1 and y1 exclusive, inside the photo.

    Returns:
        [y1 - y0, x1 - x0, 3] float32 in [0, 1].

    Raises:
        ValueError: the box is empty or reaches outside the photo.
    """
    x0, y0, x1, y1 = _checked(photo, box)
    return to_srgb(photo.pixels[y0:y1, x0:x1], None if photo.own_rgb else photo.source.icc)


def put_rgb(
    photo: Photo,
    box: Box,
    rgb: NDArray[np.float32],
    changed: NDArray[np.bool_],
    *,
    opaque: bool = False,
) -> None:
    """Write sRGB colours into one window of an editable photo, in place, only where `changed` says so.

    Args:
        photo: a photo made by `edit` or `enlarge`.
        box: (x0, y0, x1, y1) in pixels, x1 and y1 exclusive, inside the photo.
        rgb: [h, w, 3] float in [0, 1]; converted back to the photo's own colours, depth and channels.
        changed: [h, w] bool, True = take the new colour.
        opaque: also make the changed pixels opaque (for holes that came from transparency).

    Raises:
        ValueError: the photo is not editable, or box and arrays do not fit.
    """
    x0, y0, x1, y1 = _checked(photo, box)
    shape = (y1 - y0, x1 - x0)
    if photo.changed is None:
        raise ValueError("photo: is as read and not editable; make an editable copy with edit(photo)")
    if rgb.shape != (*shape, 3):
        raise ValueError(f"rgb: has shape {rgb.shape}; the box {box} needs {(*shape, 3)}")
    if changed.shape != shape or changed.dtype != np.bool_:
        raise ValueError(f"changed: is {changed.dtype} of shape {changed.shape}; the box {box} needs bool {shape}")
    window = photo.pixels[y0:y1, x0:x1]  # [h, w, C], a view
    colours = rgb[changed].astype(np.float32, copy=False)  # [n, 3]
    if not len(colours):
        return
    icc = None if photo.own_rgb else photo.source.icc
    window[changed] = from_srgb(colours, window.shape[2], window.dtype, icc)
    photo.changed[y0:y1, x0:x1] |= changed
    if opaque and photo.alpha is not None:
        photo.alpha[y0:y1, x0:x1][changed] = np.iinfo(photo.alpha.dtype).max


def choose_colours(photo: Photo, hidden: NDArray[np.bool_]) -> Photo:
    """The same photo, set to be edited in its own RGB where its colours do not fit into sRGB.

    Methods see sRGB; saturated colours of a wide-gamut photo would be clipped there and come back as others. Such a
    photo is filled by its own numbers instead, which every method continues as well as sRGB's.

    Args:
        photo: the photo.
        hidden: [H, W] bool, pixels that must have no influence (the hole).
    """
    if photo.pixels.shape[2] != 3 or not photo.source.icc:
        return photo
    step = max(1, int((photo.pixels.shape[0] * photo.pixels.shape[1] / SAMPLES) ** 0.5))
    seen = ~hidden[::step, ::step]  # [h, w]
    if photo.alpha is not None:
        seen &= photo.alpha[::step, ::step] > 0
    return replace(photo, own_rgb=not fits_srgb(photo.pixels[::step, ::step][seen], photo.source.icc))


def _checked(photo: Photo, box: Box) -> Box:
    x0, y0, x1, y1 = box
    width, height = photo.size
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise ValueError(
            f"box: {tuple(box)} is empty or outside the photo; accepted: 0 <= x0 < x1 <= {width}, "
            f"0 <= y0 < y1 <= {height}"
        )
    return x0, y0, x1, y1
