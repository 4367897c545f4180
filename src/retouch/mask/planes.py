"""From any kind of mask to arrays: a colour plane and, where there is one, an alpha plane."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from retouch.mask.check import checked_range
from retouch.photo.reader import read

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.photo import Photo

_KINDS = "a path, bytes, a binary file, a PIL image, a NumPy array, a torch tensor or a Mask"
_DTYPES = "bool, uint8, uint16, integers of 0 and 1, or floats from 0 to 1"
_GREY_MODES = ("1", "L", "I", "F")
_TRANSPARENT_MODES = ("LA", "La", "PA", "RGBA", "RGBa")


@dataclass(frozen=True, eq=False)
class Planes:
    """A mask as it was given.

    Attributes:
        colour: [H, W] (grey) or [H, W, 3], bool, uint8, uint16 or float32 in [0, 1].
        alpha: [H, W] of such a dtype, 0 = transparent; None where there is none.
        notes: what the user should know.
    """

    colour: NDArray[Any]
    alpha: NDArray[Any] | None = None
    notes: tuple[str, ...] = ()


def planes(x: Any, max_pixels: int) -> Planes:
    """The planes of a mask of any kind but `Mask`; errors as in `Mask.from_any`."""
    if isinstance(x, Image.Image):
        return replace(_of_image(_loaded(x)), notes=_orientation_notes(x))
    if isinstance(x, np.ndarray):
        return _of_array(x)
    if hasattr(x, "detach") and hasattr(x, "cpu"):
        return _of_array(_of_tensor(x))
    if isinstance(x, str | os.PathLike | bytes | bytearray | memoryview) or hasattr(x, "read"):
        return _of_photo(read(x, max_pixels=max_pixels, argument="mask"))
    raise ValueError(f"mask: is {type(x).__name__}; accepted: {_KINDS}")


def _of_photo(photo: Photo) -> Planes:
    """The planes of a decoded file; what is said of it as a photo does not matter here."""
    pixels = photo.pixels  # [H, W, C]
    if pixels.shape[2] == 4:
        return Planes(np.asarray(Image.fromarray(pixels, "CMYK").convert("RGB")), photo.alpha)
    return Planes(pixels[..., 0] if pixels.shape[2] == 1 else pixels, photo.alpha)


def _loaded(image: Image.Image) -> Image.Image:
    if getattr(image, "is_animated", False) and image.format != "MPO":
        raise ValueError("mask: is an animation or has several pages; accepted: one of them, as by frame.copy()")
    try:
        image.load()
    except Exception as error:
        # Decoding a damaged file, which PIL does as late as here, may raise anything.
        raise OSError(f"mask: the image is damaged or truncated ({error})") from error
    return image


def _orientation_notes(image: Image.Image) -> tuple[str, ...]:
    try:
        turned = image.getexif().get(0x0112, 1) in range(2, 9)
    except Exception:  # damaged EXIF says nothing
        turned = False
    return ("the mask is a PIL image and was taken as it stands: its EXIF orientation was not applied",) * turned


def _of_image(image: Image.Image) -> Planes:
    if 0 in image.size:
        raise ValueError(f"mask: has {image.width}x{image.height} pixels; accepted: at least 1x1")
    clear = image.mode in _TRANSPARENT_MODES or "transparency" in image.info
    if image.mode == "P" and image.palette is not None:
        clear = clear or image.palette.mode.endswith("A")
    if image.mode.startswith("I;16"):
        return Planes(np.asarray(image).astype(np.uint16))  # [H, W]
    if image.mode in _GREY_MODES and not (clear and image.mode == "L"):
        return _of_array(np.asarray(image))
    target = ("LA" if image.mode in ("L", "LA", "La") else "RGBA") if clear else "RGB"
    try:
        return _of_array(np.asarray(image.convert(target)))
    except ValueError:
        raise ValueError(f"mask: a PIL image of mode {image.mode!r} cannot be read as RGB") from None


def _of_tensor(tensor: Any) -> NDArray[Any]:
    try:
        on_host = tensor.detach().cpu()
        # NumPy has no bfloat16.
        on_host = on_host.float() if "bfloat16" in str(on_host.dtype) else on_host
        array: NDArray[Any] = np.asarray(on_host.numpy())
    except (TypeError, RuntimeError) as error:
        raise ValueError(f"mask: this {type(tensor).__name__} has no NumPy form ({error})") from None
    if array.ndim == 3 and array.shape[0] == 1:
        array = array.reshape(array.shape[1:])  # [H, W]
    if array.ndim != 2:
        raise ValueError(f"mask: a tensor of shape {array.shape}; accepted: [H, W] or [1, H, W]")
    return array


def _of_array(array: NDArray[Any]) -> Planes:
    shape = array.shape
    if array.size == 0 or array.ndim not in (2, 3) or (array.ndim == 3 and not 1 <= shape[2] <= 4):
        raise ValueError(f"mask: an array of shape {shape}; accepted: [H, W] or [H, W, C] with C = 1, 2, 3 or 4")
    array = _known_dtype(array)
    channels = shape[2] if array.ndim == 3 else 1
    colour = array if array.ndim == 2 else array[..., 0] if channels < 3 else array[..., :3]
    return Planes(colour, array[..., -1] if channels in (2, 4) else None)


def _known_dtype(array: NDArray[Any]) -> NDArray[Any]:
    kind = array.dtype.kind
    if kind == "b" or (kind == "u" and array.dtype.itemsize <= 2):
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    if kind == "f":
        checked_range(array, "mask")
        return array.astype(np.float32, copy=False)
    if kind not in "iu":
        raise ValueError(f"mask: an array of {array.dtype}; accepted: {_DTYPES}")
    # Wide integers do not say what their white is, so only masks without anything between are clear.
    high = int(array.max())
    if high in (0, 1, 255, 65535) and np.isin(array, (0, high)).all():
        return np.where(array != 0, np.uint8(255), np.uint8(0))
    raise ValueError(f"mask: an array of {array.dtype} with values from {array.min()} to {high}; accepted: {_DTYPES}")
