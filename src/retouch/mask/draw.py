"""Masks that are made rather than read: boxes, polygons, a colour; and what else turns a hole into a hole."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from retouch.atomic import atomic
from retouch.mask.check import MAX_SIDE, checked_range, checked_size, integers
from retouch.mask.parse import parse_colour

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from retouch.methods.base import Masks


def boxes_hole(boxes: Iterable[Sequence[int]], size: tuple[int, int]) -> Masks:
    """[H, W] bool, True inside any box (x, y, width, height)."""
    width, height = checked_size(size)
    hole = np.zeros((height, width), bool)
    for box in boxes:
        try:
            x, y, w, h = integers(box)
        except (TypeError, ValueError):
            w = h = 0
        if w < 1 or h < 1:
            raise ValueError(f"box: is {box!r}; accepted: (x, y, width, height) in whole pixels")
        if x >= width or y >= height or x + w <= 0 or y + h <= 0:
            raise ValueError(f"box: {(x, y, w, h)} lies outside the photo of {width}x{height} pixels")
        hole[max(0, y) : y + h, max(0, x) : x + w] = True
    return hole


def polygons_hole(polygons: Iterable[Iterable[Sequence[float]]], size: tuple[int, int]) -> Masks:
    """[H, W] bool, True inside any polygon and on its outline."""
    width, height = checked_size(size)
    hole = np.zeros((height, width), bool)
    for polygon in polygons:
        points = _points(polygon)
        canvas = Image.new("1", (width, height))
        ImageDraw.Draw(canvas).polygon(points, fill=1, outline=1)
        inside = np.asarray(canvas)  # [H, W]
        if not inside.any():
            raise ValueError(f"polygon: it touches no pixel of the photo of {width}x{height} pixels")
        hole |= inside
    return hole


def _points(polygon: Iterable[Sequence[float]]) -> list[tuple[float, float]]:
    try:
        points = [(float(x), float(y)) for x, y in polygon]
    except (TypeError, ValueError):
        points = []
    if len(points) < 3:
        raise ValueError("polygon: accepted are at least three points (x, y) in pixels")
    if not all(isfinite(c) and abs(c) <= MAX_SIDE for point in points for c in point):
        raise ValueError(f"polygon: a coordinate is not finite or beyond {MAX_SIDE} pixels")
    return points


def key_hole(rgb: NDArray[Any], colour: str | Sequence[int], tolerance: int) -> tuple[Masks, tuple[str, ...]]:
    """[H, W] bool, True where every channel is within `tolerance` of `colour`; and a note if that is nowhere."""
    if not isinstance(rgb, np.ndarray) or rgb.size == 0 or rgb.ndim not in (2, 3):
        raise ValueError(f"photo: is {_kind(rgb)}; accepted: an array [H, W] or [H, W, C] with C = 1, 3 or 4")
    planes = rgb[..., None] if rgb.ndim == 2 else rgb  # [H, W, C]
    if planes.shape[2] not in (1, 3, 4):
        raise ValueError(f"photo: has {planes.shape[2]} channels; a colour is searched in 1 (grey), 3 or 4 (RGBA)")
    full = _full_scale(planes)
    wanted = _colour(colour)
    if isinstance(tolerance, bool) or not isinstance(tolerance, int) or not 0 <= tolerance <= 255:
        raise ValueError(f"tolerance: is {tolerance!r}; accepted: an integer from 0 to 255")
    # Half a step more in finer depths, so that they match what they would match when rounded to 8 bit.
    slack = tolerance + (0.0 if full == 255 else 0.499)
    hole = np.ones(planes.shape[:2], bool)
    for channel in range(3):
        plane = planes[..., 0 if planes.shape[2] == 1 else channel]  # [H, W]
        low, high = ((wanted[channel] + sign * slack) * full / 255 for sign in (-1, 1))
        hole &= (plane >= low) & (plane <= high)
    if hole.any():
        return hole, ()
    return hole, ("no pixel of the photo has the colour #{:02x}{:02x}{:02x}".format(*wanted),)


def _full_scale(planes: NDArray[Any]) -> float:
    if planes.dtype in (np.uint8, np.uint16):
        return float(np.iinfo(planes.dtype).max)
    if planes.dtype.kind == "f":
        checked_range(planes, "photo")
        return 1.0
    raise ValueError(f"photo: is {_kind(planes)}; accepted: uint8, uint16 or float in [0, 1]")


def _colour(colour: str | Sequence[int]) -> tuple[int, int, int]:
    if isinstance(colour, str):
        return parse_colour(colour)
    try:
        return parse_colour(",".join(str(value) for value in integers(colour)))
    except (TypeError, ValueError):
        raise ValueError(f'colour: is {colour!r}; accepted: "#ff00ff" or three integers from 0 to 255') from None


def _kind(x: Any) -> str:
    return f"{x.dtype} {x.shape}" if isinstance(x, np.ndarray) else type(x).__name__


def nearest(hole: Masks, size: tuple[int, int]) -> Masks:
    """Scale `hole` [H, W] to `size` (width, height): each pixel is the one under its centre."""
    width, height = checked_size(size)
    rows = ((np.arange(height) + 0.5) * (hole.shape[0] / height)).astype(np.intp)  # [height]
    columns = ((np.arange(width) + 0.5) * (hole.shape[1] / width)).astype(np.intp)  # [width]
    scaled: Masks = hole[rows][:, columns]  # [height, width]
    return scaled


def save_png(hole: Masks, path: str | os.PathLike[str], overwrite: bool) -> None:
    """Write `hole` [H, W] as a 1-bit PNG, white = hole, whole or not at all."""
    if Path(path).suffix.lower() != ".png":
        raise ValueError(f"path: is {str(path)!r}; masks are written as .png")
    with atomic(path, overwrite=overwrite) as file:
        Image.fromarray(hole).save(file, format="PNG")
