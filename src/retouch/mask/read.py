"""From any kind of mask in any convention to True = hole."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from retouch.mask.check import checked_size, checked_threshold
from retouch.mask.mask import Convention, Mask
from retouch.mask.planes import Planes, planes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.methods.base import Masks

CONVENTIONS = ("white", "black", "alpha")
SUSPICIOUS_COVERAGE = 0.9
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # of ITU-R BT.601, as Pillow's mode L


def read(
    x: Any,
    convention: Convention,
    threshold: float,
    any_coverage: bool,
    size: tuple[int, int] | None,
    resize: bool,
    max_pixels: int,
) -> Mask:
    """See `Mask.from_any`."""
    if convention not in CONVENTIONS:
        raise ValueError(f'convention: is {convention!r}; accepted: "white", "black" or "alpha"')
    threshold = checked_threshold(threshold)
    wanted = None if size is None else checked_size(size)
    if isinstance(x, Mask):
        return _fitted(x, wanted, resize)
    given = planes(x, max_pixels)
    hole, notes = _hole(given, convention, threshold, any_coverage)
    return _fitted(Mask(hole, notes), wanted, resize)


def read_alpha(alpha: NDArray[Any], threshold: float) -> Mask:
    """See `Mask.from_alpha`."""
    threshold = checked_threshold(threshold)
    if not isinstance(alpha, np.ndarray) or alpha.ndim != 2:
        given = f"an array of shape {alpha.shape}" if isinstance(alpha, np.ndarray) else type(alpha).__name__
        raise ValueError(f"alpha: is {given}; accepted: an array [H, W]")
    opacity = planes(alpha, 0).colour  # [H, W]
    return Mask(*_hole(Planes(opacity, opacity), "alpha", threshold, False))


def _fitted(mask: Mask, size: tuple[int, int] | None, resize: bool) -> Mask:
    if size is None or mask.size == size:
        return mask
    given, wanted = ("{}x{}".format(*pair) for pair in (mask.size, size))
    if not resize:
        raise ValueError(
            f"mask: has {given} pixels, the photo {wanted}; resize=True (of fill: resize_mask=True) scales it"
        )
    note = f"the mask was scaled from {given} to {wanted} pixels"
    fitted = mask.resized(size)
    return replace(fitted, notes=(*mask.notes, note))


def _hole(given: Planes, convention: Convention, threshold: float, any_coverage: bool) -> tuple[Masks, tuple[str, ...]]:
    """[H, W] bool and what the user should know."""
    if convention == "alpha" and given.alpha is None:
        raise ValueError('mask: has no transparency; convention="alpha" needs an alpha channel')
    notes = list(given.notes)
    value, full = _strength(given, convention, any_coverage, notes)  # [H, W]
    hole = value > 0 if any_coverage else _at_least(value, threshold * full, full)
    notes += _transparency_notes(given, convention)
    covered = np.count_nonzero(hole) / hole.size
    if covered > SUSPICIOUS_COVERAGE:
        other = {"white": 'convention="black"', "black": 'convention="white"', "alpha": "inverting it"}[convention]
        notes.append(f"{covered:.0%} of the mask is hole: is the polarity right? Otherwise try {other}")
    elif covered == 0 and (highest := float(value.max())) > 0:
        notes.append(
            f"nothing in the mask reaches the threshold {threshold:g}: the highest value is {highest / full:.2g}; "
            "any_coverage=True takes every value above 0"
        )
    return hole, tuple(notes)


def _strength(
    given: Planes, convention: Convention, any_coverage: bool, notes: list[str]
) -> tuple[NDArray[Any], float]:
    """How much each pixel is hole: [H, W] from 0 to the second value."""
    if convention == "alpha":
        assert given.alpha is not None
        opacity, full = _scaled(given.alpha, notes)
        return full - opacity, float(full)
    colour, full = _scaled(given.colour, notes)
    grey = _grey(colour, convention, any_coverage)  # [H, W]
    value = grey if convention == "white" else full - grey
    if given.alpha is None:
        return value, float(full)
    opacity, opaque = _scaled(given.alpha, [])
    if opacity.min() == opaque:
        return value, float(full)
    # What is not painted is not marked: white is composited over black, black over white.
    return value * (opacity / np.float32(opaque)), float(full)


def _scaled(plane: NDArray[Any], notes: list[str]) -> tuple[NDArray[Any], Any]:
    """The plane as numbers and, of the same dtype, the value that stands for white."""
    if plane.dtype == np.bool_:
        return plane.view(np.uint8), np.uint8(1)
    if plane.dtype.kind == "f":
        return plane, np.float32(1)
    if plane.max() == 1:
        notes.append("the mask has the values 0 and 1 only: 1 is read as white")
        return plane, plane.dtype.type(1)
    return plane, plane.dtype.type(np.iinfo(plane.dtype).max)


def _grey(colour: NDArray[Any], convention: Convention, any_coverage: bool) -> NDArray[Any]:
    """[H, W] luminance; for any coverage, the channel that is farthest from known."""
    if colour.ndim == 2:
        return colour
    if any_coverage:
        farthest: NDArray[Any] = colour.max(axis=2) if convention == "white" else colour.min(axis=2)
        return farthest
    if colour.dtype == np.uint8:
        return np.asarray(Image.fromarray(np.ascontiguousarray(colour)).convert("L"))
    return colour.astype(np.float32) @ _LUMA


def _at_least(value: NDArray[Any], cut: float, full: float) -> Masks:
    # The slack absorbs rounding, such as that of 0.1 * 255 or of a luminance that should be 1.
    return value >= (cut - 1e-6 * full if value.dtype.kind == "f" else ceil(cut - 1e-6))


def _transparency_notes(given: Planes, convention: Convention) -> list[str]:
    """Tell of a mask that may be meant by its transparency although it is read by its colour."""
    if convention == "alpha" or given.alpha is None or given.alpha.min() == given.alpha.max():
        return []
    visible = given.colour[given.alpha > 0]  # [n] or [n, 3]
    uniform = bool((visible == visible[0]).all())
    colourful = visible.ndim == 2 and bool((visible != visible[:, :1]).any())
    if not (uniform or colourful):
        return []
    what = "one colour" if uniform else "the colours of a photo"
    return [f'the mask has {what} and transparent parts: if these are the hole, use convention="alpha"']
