"""Checks of what metrics are given: feature matrices, images, masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32] | NDArray[np.float64]
    Image = NDArray[np.uint8]
    Mask = NDArray[np.bool_]


def check_features(x: Floats, name: str, least: int = 2) -> None:
    """Raise ValueError unless `x` is a finite [N, d] float array with at least `least` rows."""
    if not isinstance(x, np.ndarray) or x.ndim != 2 or x.dtype.kind != "f" or x.shape[1] == 0:
        raise ValueError(f"{name}: is {_shape(x)}; accepted: a float array [N, d]")
    if len(x) < least:
        raise ValueError(f"{name}: has {len(x)} rows; accepted: at least {least}")
    bad = ~np.isfinite(x).all(axis=1)  # [N]
    if bad.any():
        raise ValueError(f"{name}: row {int(bad.argmax())} has NaN or infinite values; accepted: finite features")


def check_same_width(real: int, fake: int) -> None:
    """Raise ValueError unless both sets of features have the same number of columns."""
    if real != fake:
        raise ValueError(f"fake: has {fake} columns; accepted: {real}, as real has")


def check_pairs(real: int, fake: int) -> None:
    """Raise ValueError unless there are as many fakes as reals."""
    if real != fake:
        raise ValueError(f"fake: has {fake} rows; accepted: {real}, as real has (row k is the pair of real's row k)")


def check_image(image: Image, name: str) -> None:
    """Raise ValueError unless `image` is uint8 [H, W, 3]: floats would leave the range open."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"{name}: is {_shape(image)}; accepted: a uint8 array [H, W, 3]")
    if image.size == 0:
        raise ValueError(f"{name}: has no pixels ({_shape(image)})")


def check_image_pair(a: Image, b: Image) -> None:
    """Raise ValueError unless both are uint8 [H, W, 3] of one size."""
    check_image(a, "a")
    check_image(b, "b")
    if a.shape != b.shape:
        raise ValueError(f"b: is {list(b.shape)}; accepted: {list(a.shape)}, as a is")


def check_mask(mask: Mask, image: Image, *, filled: bool = True) -> None:
    """Raise ValueError unless `mask` is bool [H, W], True = hole, of the image's size, and (`filled`) not empty."""
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != image.shape[:2]:
        raise ValueError(f"mask: is {_shape(mask)}; accepted: a bool array {list(image.shape[:2])}, True = hole")
    if filled and not mask.any():
        raise ValueError("mask: has no hole; accepted: at least one True pixel")


def choose(value: Any, accepted: tuple[Any, ...], name: str) -> None:
    """Raise ValueError unless `value` is one of `accepted`."""
    if value not in accepted:
        raise ValueError(f"{name}: is {value!r}; accepted: {', '.join(repr(v) for v in accepted)}")


def _shape(x: object) -> str:
    return f"{x.dtype} {list(x.shape)}" if isinstance(x, np.ndarray) else type(x).__name__
