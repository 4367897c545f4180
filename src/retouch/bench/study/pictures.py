"""The pictures that people see: plain PNGs that tell nothing but their pixels."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from retouch.mask import Mask
from retouch.photo import read, window_rgb

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from retouch.bench.study.material import Item

STRIPE = 6  # pixels
# Two colours that photos seldom hold side by side, so that the hole is seen in every photo and by everyone.
_LIGHT = np.array((232, 62, 140), np.uint8)  # [3]
_DARK = np.array((120, 20, 80), np.uint8)  # [3]


def pictures(item: Item) -> list[bytes]:
    """The photo with its hole, then every fill, each as a PNG without metadata.

    Raises:
        ValueError: a fill or the mask has another size than the photo, or the hole is empty.
        OSError: a file is unreadable.
    """
    photo = _rgb(item.photo, "photos")  # [H, W, 3]
    height, width = photo.shape[:2]
    hole = Mask.from_any(item.mask).hole  # [H, W]
    if hole.shape != (height, width):
        raise ValueError(_sizes("masks", item.mask, hole.shape[:2], (height, width)))
    if not hole.any():
        raise ValueError(f"masks: {str(item.mask)!r} has no hole; accepted: masks with something white")
    shown = [holed(photo, hole)]
    for path in item.fills:
        fill = _rgb(path, "folders")  # [H, W, 3]
        if fill.shape != photo.shape:
            raise ValueError(_sizes("folders", path, fill.shape[:2], (height, width)))
        shown.append(fill)
    return [_png(each) for each in shown]


def holed(photo: NDArray[np.uint8], hole: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The photo [H, W, 3] with its hole [H, W] covered by stripes; nothing of what lay under it can be seen."""
    rows, columns = np.indices(hole.shape)  # [H, W] each
    light = (rows + columns) // STRIPE % 2 == 0  # [H, W]
    stripes = np.where(light[..., None], _LIGHT, _DARK)  # [H, W, 3]
    return np.where(hole[..., None], stripes, photo)


def _rgb(path: Path, argument: str) -> NDArray[np.uint8]:
    """[H, W, 3] as sRGB, in displayed orientation."""
    photo = read(path, argument=argument)
    height, width = photo.pixels.shape[:2]
    values = window_rgb(photo, (0, 0, width, height))  # [H, W, 3]
    return np.rint(values * 255).astype(np.uint8)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _sizes(argument: str, path: Path, given: tuple[int, ...], wanted: tuple[int, int]) -> str:
    return (
        f"{argument}: {str(path)!r} has {given[1]}x{given[0]} pixels, its photo {wanted[1]}x{wanted[0]}; "
        "accepted: pictures of one size"
    )
