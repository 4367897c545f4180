"""Between a photo's own colours and sRGB, through its ICC profile."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from PIL import Image, ImageCms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.photo.photo import Pixels

_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # [3]
# A profile whose whole grid of colours moves by no more than this (of 255) is sRGB under another name.
_SAME = 1
# A colour that comes back from sRGB further off than this (of 255) was clipped; less is rounding.
_CLIPPED = 6


def to_srgb(pixels: Pixels, icc: bytes | None) -> NDArray[np.float32]:
    """Colours as sRGB.

    Args:
        pixels: [h, w, C] uint8 or uint16, C = 1 (grey), 3 (RGB) or 4 (CMYK, 0 = no ink).
        icc: profile of the pixels; None or a broken one: sRGB (grey: its curve; CMYK: plain inversion).

    Returns:
        [h, w, 3] float32 in [0, 1].
    """
    channels = pixels.shape[2]
    transform = _transform(icc, channels, True)
    if transform is None and channels != 4:
        full = np.float32(np.iinfo(pixels.dtype).max)
        scaled = pixels.astype(np.float32) / full  # [h, w, C]
        return scaled if channels == 3 else np.repeat(scaled, 3, axis=2)
    image = _image(_eight_bits(pixels))
    image = image.convert("RGB") if transform is None else _applied(image, transform)
    return np.asarray(image, np.float32) / np.float32(255)  # [h, w, 3]


def from_srgb(rgb: NDArray[np.float32], channels: int, dtype: np.dtype[Any], icc: bytes | None) -> Pixels:
    """The inverse of `to_srgb` for a list of colours.

    Args:
        rgb: [n, 3] float32 in [0, 1].
        channels: 1 (grey: luminance), 3 or 4 (CMYK).
        dtype: uint8 or uint16.
        icc: as in `to_srgb`.

    Returns:
        [n, channels] of `dtype`, rounded. Through a profile the precision is 8 bits.
    """
    transform = _transform(icc, channels, False)
    if transform is None and channels != 4:
        values = rgb if channels == 3 else (rgb @ _LUMA)[:, None]  # [n, C]
        full = np.iinfo(dtype).max
        return cast("Pixels", np.rint(np.clip(values, 0, 1) * np.float32(full)).astype(dtype))
    image = Image.fromarray(np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)[None])
    image = image.convert("CMYK") if transform is None else _applied(image, transform)
    eight = np.asarray(image).reshape(-1, channels)  # [n, C] uint8
    return cast("Pixels", eight if dtype == np.uint8 else eight.astype(np.uint16) * np.uint16(257))


def fits_srgb(pixels: Pixels, icc: bytes | None) -> bool:
    """Whether RGB colours [n, 3] come back from sRGB as they went: through a wide profile, saturated ones do not."""
    there, back = _transform(icc, 3, True), _transform(icc, 3, False)
    if there is None or back is None:
        return True  # no profile is applied
    colours = _eight_bits(pixels)[None]  # [1, n, 3]
    returned = np.asarray(_applied(_applied(_image(colours), there), back), np.int16)
    return bool(np.abs(returned - colours.astype(np.int16)).max(initial=0) <= _CLIPPED)


def readable(icc: bytes, channels: int) -> bool:
    """Whether the profile `icc` can be used for pixels with that many channels."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        ImageCms.buildTransform(profile, _srgb(), _MODES[channels], "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return False
    return True


@lru_cache(maxsize=16)
def _transform(icc: bytes | None, channels: int, forward: bool) -> ImageCms.ImageCmsTransform | None:
    """The transform to (or from) sRGB; None where plain arithmetic does the same or must do."""
    if not icc or not readable(icc, channels):
        return None
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    mode = _MODES[channels]
    intent, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
    there = ImageCms.buildTransform(profile, _srgb(), mode, "RGB", intent, flags)
    if channels != 4 and _changes_nothing(there, channels):
        return None
    try:
        back = ImageCms.buildTransform(_srgb(), profile, "RGB", mode, intent, flags)
    except ImageCms.PyCMSError:
        return None  # an input-only profile: colours could be read through it, but not written
    return there if forward else back


def _changes_nothing(transform: ImageCms.ImageCmsTransform, channels: int) -> bool:
    steps = np.linspace(0, 255, 9 if channels == 3 else 256).astype(np.uint8)
    if channels == 3:
        grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)  # [1, 729, 3]
    else:
        grid = steps.reshape(1, -1, 1)  # [1, 256, 1]
    moved = np.asarray(_applied(_image(grid), transform), np.int16)  # [1, n, 3]
    return bool(np.abs(moved - grid.astype(np.int16)).max() <= _SAME)


def _applied(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    moved = ImageCms.applyTransform(image, transform)
    assert moved is not None  # None only when asked to work in place
    return moved


def _image(pixels: NDArray[np.uint8]) -> Image.Image:
    channels = pixels.shape[2]
    if channels == 1:
        return Image.fromarray(np.ascontiguousarray(pixels[..., 0]))
    if channels == 3:
        return Image.fromarray(np.ascontiguousarray(pixels))
    height, width = pixels.shape[:2]
    return Image.frombytes("CMYK", (width, height), np.ascontiguousarray(pixels).tobytes())


def _eight_bits(pixels: Pixels) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return cast("NDArray[np.uint8]", pixels)
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
