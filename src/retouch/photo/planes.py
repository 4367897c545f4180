"""From a PIL image to arrays, strip by strip, so that pixels are held twice only for a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from retouch.photo.limits import Plain
from retouch.photo.orient import stored, swaps

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from retouch.photo.photo import Pixels

MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16")
_CHANNELS = {"1": 1, "L": 1, "LA": 1, "P": 3, "RGB": 3, "RGBA": 3, "CMYK": 4, "I;16": 1}
_STRIP = 1 << 20  # pixels converted at a time


@dataclass(frozen=True, eq=False)
class Planes:
    """Pixels [H, W, C] and alpha [H, W] in displayed orientation, with what the mode needs besides."""

    pixels: Pixels
    alpha: Pixels | None
    mode: str
    palette: NDArray[np.uint8] | None = None  # [K, 4] RGBA
    indices: NDArray[np.uint8] | None = None  # [H, W]
    key: tuple[int, ...] | None = None


def planes(image: Image.Image, orientation: int = 1) -> Planes:
    """The pixels of a PIL image.

    Args:
        image: of one of `MODES` ("I;16B" and "I;16L" count as "I;16").
        orientation: how the image must be turned to be displayed.

    Raises:
        Plain: another mode.
    """
    mode = "I;16" if image.mode in ("I;16B", "I;16L", "I;16N") else image.mode
    if mode not in MODES:
        raise Plain(f"has the mode {image.mode}; accepted: {', '.join(MODES)}")
    if mode == "P":
        return _from_palette(image, orientation)
    dtype = np.uint16 if mode == "I;16" else np.uint8
    channels, has_alpha = _CHANNELS[mode], mode in ("LA", "RGBA")
    pixels = _empty(image.size, orientation, (channels,), dtype)  # [H, W, C]
    alpha = _empty(image.size, orientation, (), dtype) if has_alpha else None  # [H, W]
    inside = stored(pixels, orientation)
    alpha_inside = None if alpha is None else stored(alpha, orientation)
    for y0, y1 in _strips(image.size):
        strip = _strip(image, y0, y1)  # [y1 - y0, W, C or C + 1]
        inside[y0:y1] = strip[..., :channels]
        if alpha_inside is not None:
            alpha_inside[y0:y1] = strip[..., channels]
    key = _key(image.info.get("transparency"), channels, mode)
    if key is not None:
        top = np.iinfo(dtype).max
        alpha = np.where((pixels == np.array(key, dtype)).all(axis=2), dtype(0), dtype(top))  # [H, W]
    return Planes(cast("Pixels", pixels), cast("Pixels | None", alpha), mode, key=key)


def palette_of(image: Image.Image) -> tuple[NDArray[np.uint8], bool]:
    """The palette [K, 4] RGBA of an image of mode P, and whether any entry speaks of transparency."""
    transparency = image.info.get("transparency")
    own_alpha = image.palette is not None and image.palette.mode == "RGBA"
    if own_alpha:
        table = np.array(image.getpalette("RGBA") or [0, 0, 0, 255], np.uint8).reshape(-1, 4)  # [K, 4]
    else:
        colours = np.array(image.getpalette("RGB") or [0, 0, 0], np.uint8).reshape(-1, 3)  # [K, 3]
        table = np.concatenate([colours, np.full((len(colours), 1), 255, np.uint8)], axis=1)  # [K, 4]
    if isinstance(transparency, bytes):
        alphas = np.frombuffer(transparency[: len(table)], np.uint8)
        table[: len(alphas), 3] = alphas
    elif isinstance(transparency, int) and 0 <= transparency < 256:
        if transparency >= len(table):  # a GIF may name an entry that its palette does not have
            more = np.zeros((transparency + 1 - len(table), 4), np.uint8)
            more[:, 3] = 255
            table = np.concatenate([table, more])
        table[transparency, 3] = 0
    return table[:256], own_alpha or transparency is not None


def _from_palette(image: Image.Image, orientation: int) -> Planes:
    table, transparent = palette_of(image)
    full = np.zeros((256, 4), np.uint8)  # [256, 4]; an index beyond the palette is opaque black
    full[:, 3] = 255
    full[: len(table)] = table
    indices = _empty(image.size, orientation, (), np.uint8)  # [H, W]
    inside = stored(indices, orientation)
    for y0, y1 in _strips(image.size):
        inside[y0:y1] = _strip(image, y0, y1)[..., 0]
    pixels = np.empty((*indices.shape, 3), np.uint8)  # [H, W, 3]
    alpha = np.empty(indices.shape, np.uint8) if transparent else None  # [H, W]
    for y0, y1 in _strips((indices.shape[1], indices.shape[0])):
        pixels[y0:y1] = full[indices[y0:y1], :3]
        if alpha is not None:
            alpha[y0:y1] = full[indices[y0:y1], 3]
    return Planes(pixels, alpha, "P", palette=table, indices=indices)


def _empty(size: tuple[int, int], orientation: int, more: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    width, height = size[::-1] if swaps(orientation) else size
    return np.empty((height, width, *more), dtype)


def _strips(size: tuple[int, int]) -> list[tuple[int, int]]:
    rows = max(1, _STRIP // max(1, size[0]))
    return [(y, min(y + rows, size[1])) for y in range(0, size[1], rows)]


def _strip(image: Image.Image, y0: int, y1: int) -> NDArray[Any]:
    rows = np.asarray(image.crop((0, y0, image.width, y1)))
    if rows.dtype == np.bool_:
        rows = rows.astype(np.uint8) * np.uint8(255)
    return rows if rows.ndim == 3 else rows[..., None]  # [h, W, C]


def _key(transparency: object, channels: int, mode: str) -> tuple[int, ...] | None:
    if transparency is None or mode not in ("1", "L", "RGB", "I;16"):
        return None
    values = transparency if isinstance(transparency, tuple) else (transparency,)
    top = 65535 if mode == "I;16" else 255
    if len(values) != channels or not all(isinstance(value, int) and 0 <= value <= top for value in values):
        return None
    return tuple(int(value) for value in values)
