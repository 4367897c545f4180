"""Whatever a caller has, as a photo, and the way back to the same kind."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from retouch.photo.photo import Photo, Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Back: TypeAlias = Callable[[Photo], Any]

_ACCEPTED = (
    "a path, bytes, binary file, Photo, PIL image, array [H, W] or [H, W, C] of uint8, uint16 or float in [0, 1], "
    "or tensor [C, H, W] of float in [0, 1]"
)


def wrap(x: Any, *, max_pixels: int | None = None) -> tuple[Photo, Back]:
    """A photo of `x`, and a function that gives a (changed) photo back as the kind of thing that `x` is.

    Args:
        x: path, bytes, binary file or Photo (back: the Photo); PIL image (back: one of the same mode and info);
            array [H, W] or [H, W, C], C = 1, 2 (grey, alpha), 3 or 4 (RGBA), uint8, uint16, or float in [0, 1];
            tensor [H, W] or [C, H, W] of float in [0, 1].
        max_pixels: limit for files; None: the default.

    Returns:
        The photo and the way back. Arrays and tensors come back with the same dtype, rank and channels, and what was
        not changed comes back bit for bit.

    Raises:
        ValueError: another type, dtype, shape or range.
        OSError: a file that cannot be read, see `read`.
    """
    if isinstance(x, Photo):
        return x, _same
    if isinstance(x, (str, os.PathLike, bytes, bytearray, memoryview)) or _is_file(x):
        from retouch.photo.reader import DEFAULT_MAX_PIXELS, read

        limit = DEFAULT_MAX_PIXELS if max_pixels is None else max_pixels
        return read(cast("Any", x), max_pixels=limit), _same
    if isinstance(x, np.ndarray):
        return from_array(x), lambda photo: _array_back(photo, x)
    if _is_tensor(x):
        return _from_tensor(x)
    from PIL import Image

    if isinstance(x, Image.Image):
        from retouch.photo.pil import from_pil, to_pil

        return from_pil(x), to_pil
    raise ValueError(f"photo: is a {type(x).__name__}; accepted: {_ACCEPTED}")


def from_array(a: NDArray[Any]) -> Photo:
    """A photo of an array [H, W] or [H, W, C], C = 1, 2 (grey, alpha), 3 (RGB) or 4 (RGBA).

    Args:
        a: uint8, uint16, or float in [0, 1]; floats are held as 16 bits.

    Raises:
        ValueError: another dtype or shape, NaN, infinity, or a value outside [0, 1].
    """
    if a.ndim not in (2, 3) or 0 in a.shape or (a.ndim == 3 and a.shape[2] > 4):
        raise ValueError(f"photo: has the shape {a.shape}; accepted: [H, W] or [H, W, C] with C = 1, 2, 3 or 4")
    if a.dtype.kind == "f":
        values = _sixteen_bits(a)
    elif a.dtype.kind == "u" and a.dtype.itemsize <= 2:
        values = a.astype(a.dtype.newbyteorder("="))
    else:
        raise ValueError(f"photo: is an array of {a.dtype}; accepted: uint8, uint16, or float in [0, 1]")
    planes = values if values.ndim == 3 else values[..., None]  # [H, W, C]
    channels = planes.shape[2]
    colours = 1 if channels < 3 else 3
    alpha = planes[..., -1].copy() if channels in (2, 4) else None  # [H, W]
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    if planes.dtype == np.uint16:
        mode = "I;16" if channels == 1 else mode + ";16"
    bits = planes.dtype.itemsize * 8
    source = Source(mode=mode, bits=bits, size=(planes.shape[1], planes.shape[0]))
    return Photo(np.ascontiguousarray(planes[..., :colours]), alpha, source)


def _same(photo: Photo) -> Photo:
    return photo


def _is_file(x: object) -> bool:
    return callable(getattr(x, "read", None))


def _sixteen_bits(a: NDArray[Any]) -> NDArray[np.uint16]:
    # Comparisons with NaN are False, so the negation catches it too.
    if not bool(((a >= 0) & (a <= 1)).all()):
        what = "NaN or infinity" if not bool(np.isfinite(a).all()) else f"values from {a.min()} to {a.max()}"
        raise ValueError(f"photo: has {what}; accepted: float in [0, 1] (or uint8, uint16)")
    return np.rint(a.astype(np.float64) * 65535).astype(np.uint16)


def _array_back(photo: Photo, original: NDArray[Any]) -> NDArray[Any]:
    """The original array with only the changed pixels written over."""
    height, width = photo.pixels.shape[:2]
    x, y = photo.source.placed
    if (height, width) == original.shape[:2]:
        out = original.copy()
    else:
        out = np.zeros((height, width, *original.shape[2:]), original.dtype)
        out[y : y + original.shape[0], x : x + original.shape[1]] = original
    if photo.changed is None or not photo.changed.any():
        return out
    planes = out if out.ndim == 3 else out[..., None]  # [H, W, C], a view
    colours = photo.pixels.shape[2]
    planes[photo.changed, :colours] = _as(photo.pixels[photo.changed], original.dtype)
    if photo.alpha is not None:
        # Alpha is not part of what a fill changes, unless somebody made filled pixels opaque.
        before = planes[..., -1] if original.dtype.kind != "f" else _sixteen_bits(planes[..., -1])  # [H, W]
        fresh = photo.changed & (photo.alpha != before)
        planes[fresh, -1] = _as(photo.alpha[fresh], original.dtype)
    return out


def _as(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    return (values.astype(np.float64) / 65535).astype(dtype) if dtype.kind == "f" else values.astype(dtype)


def _is_tensor(x: object) -> bool:
    return type(x).__module__.split(".")[0] == "torch" and hasattr(x, "detach") and hasattr(x, "numpy")


def _from_tensor(tensor: Any) -> tuple[Photo, Back]:
    """A photo of a PyTorch tensor; PyTorch is there already, or there would be no tensor."""
    torch = sys.modules["torch"]
    if not tensor.is_floating_point() or tensor.ndim not in (2, 3):
        raise ValueError(
            f"photo: is a tensor of {tensor.dtype} and shape {tuple(tensor.shape)}; "
            "accepted: [H, W] or [C, H, W] of float in [0, 1], C = 1, 2, 3 or 4"
        )
    if tensor.ndim == 3 and tensor.shape[0] not in (1, 2, 3, 4):
        raise ValueError(f"photo: has the shape {tuple(tensor.shape)}; accepted: [C, H, W] with C = 1, 2, 3 or 4")
    still = tensor.detach()
    values = still.to("cpu", torch.float64 if still.dtype == torch.float64 else torch.float32).numpy()
    array = values.transpose(1, 2, 0) if values.ndim == 3 else values  # [H, W, C] or [H, W]

    def back(photo: Photo) -> Any:
        filled = torch.from_numpy(np.ascontiguousarray(_channels_first(_array_back(photo, array))))
        out = filled.to(device=still.device, dtype=still.dtype)
        if out.shape == still.shape and photo.changed is None:
            return still.clone()
        return out

    return from_array(array), back


def _channels_first(array: NDArray[Any]) -> NDArray[Any]:
    return array.transpose(2, 0, 1) if array.ndim == 3 else array
