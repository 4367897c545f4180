"""Palette photos: known pixels keep their index, new colours find a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.photo.photo import Photo

NEAREST = "the palette was full: filled pixels have the nearest of its colours"
FEWER = "the palette had no place for all new colours: filled pixels share the few that fitted"


@dataclass(frozen=True, eq=False)
class Fitted:
    """Indices [H, W] into a palette [K, 4] RGBA, K <= 256, and notes."""

    indices: NDArray[np.uint8]
    palette: NDArray[np.uint8]
    transparent: bool
    notes: tuple[str, ...]

    @property
    def transparency(self) -> bytes | int | None:
        """As Pillow wants it: the one index that is clear, or one alpha per entry."""
        if not self.transparent:
            return None
        alphas = self.palette[:, 3]
        clear = np.flatnonzero(alphas == 0)
        if len(clear) == 1 and int((alphas != 255).sum()) == 1:
            return int(clear[0])
        return alphas.tobytes()


def repaletted(photo: Photo) -> Fitted:
    """The photo's pixels as palette indices.

    Pixels that have the colour of their old index keep it, and its entry. Others take entries behind the palette,
    then entries that no pixel uses, then the nearest colour.
    """
    old, palette = photo.source.indices, photo.source.palette
    assert old is not None
    assert palette is not None
    wanted = _rgba(photo)  # [H, W, 4]
    clear = np.flatnonzero(palette[:, 3] == 0)
    if len(clear) and photo.alpha is not None:
        # What is clear has no colour: it needs no other entry than the one that is clear already.
        wanted[(photo.alpha == 0) & ~_is_entry(wanted, palette[clear])] = palette[clear[0]]
    indices = _placed(old, photo)  # [H, W]
    full = np.zeros((256, 4), np.uint8)
    full[:, 3] = 255
    full[: len(palette)] = palette
    fresh = (full[indices] != wanted).any(axis=2) | ~_inside(old, photo)  # [H, W]
    transparent = photo.alpha is not None
    if not fresh.any():
        # An index may point behind the palette; decoders show black there, so black is what it gets.
        return Fitted(indices, full[: max(len(palette), int(indices.max()) + 1)], transparent, ())
    kept = np.bincount(indices[~fresh], minlength=256) > 0  # [256]
    colours, which = np.unique(wanted[fresh], axis=0, return_inverse=True)  # [n, 4], [m]
    table, known, notes = _extended(full, kept, len(palette), colours)
    indices[fresh] = _nearest(table, known, colours)[which.reshape(-1)]
    count = max(len(palette), int(indices.max()) + 1)
    return Fitted(indices, table[:count], transparent, notes)


def _extended(
    full: NDArray[np.uint8], kept: NDArray[np.bool_], length: int, colours: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_], tuple[str, ...]]:
    """The palette with as many of the colours as fit, which of its entries hold one, and notes."""
    table = full.copy()
    known = kept.copy()
    known[:length] = True
    entries = {tuple(entry) for entry in full[:length].tolist()}
    missing = np.array([one for one in colours.tolist() if tuple(one) not in entries], np.uint8).reshape(-1, 4)
    wanted = {tuple(one) for one in colours.tolist()}
    behind = [index for index in range(length, 256) if not kept[index]]
    # An unused entry that is not opaque may be what other programs know as "transparent": it stays.
    unused = [
        index
        for index in range(length)
        if not kept[index] and full[index, 3] == 255 and tuple(full[index].tolist()) not in wanted
    ]
    free = behind + unused
    if len(missing) <= len(free):
        chosen = missing
    elif free:
        chosen = _summary(missing, len(free))
    else:
        return table, known, (NEAREST,)
    places = np.array(free[: len(chosen)], np.intp)
    table[places] = chosen
    known[places] = True
    return table, known, (FEWER,) if len(chosen) < len(missing) else ()


def _summary(colours: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """At most `count` opaque colours that stand for many."""
    strip = Image.fromarray(np.ascontiguousarray(colours[None, :, :3]))
    few = strip.quantize(count, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    chosen = np.array(few.getpalette("RGB") or [0, 0, 0], np.uint8).reshape(-1, 3)[:count]  # [k, 3]
    return np.concatenate([chosen, np.full((len(chosen), 1), 255, np.uint8)], axis=1)


def _nearest(table: NDArray[np.uint8], known: NDArray[np.bool_], colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """For each colour [n, 4] the index of the nearest entry; alpha weighs most, so opaque stays opaque."""
    entries = np.flatnonzero(known)
    weights = np.array([1, 1, 1, 16], np.float32)
    points = table[entries].astype(np.float32) * weights  # [k, 4]
    found = np.empty(len(colours), np.uint8)
    for start in range(0, len(colours), 4096):
        part = colours[start : start + 4096].astype(np.float32) * weights  # [m, 4]
        apart = ((part[:, None] - points[None]) ** 2).sum(axis=2)  # [m, k]
        found[start : start + 4096] = entries[apart.argmin(axis=1)]
    return found


def _rgba(photo: Photo) -> NDArray[np.uint8]:
    wanted = np.full((*photo.pixels.shape[:2], 4), 255, np.uint8)  # [H, W, 4]
    wanted[..., :3] = photo.pixels
    if photo.alpha is not None:
        wanted[..., 3] = photo.alpha
    return wanted


def _is_entry(wanted: NDArray[np.uint8], entries: NDArray[np.uint8]) -> NDArray[np.bool_]:
    found = np.zeros(wanted.shape[:2], np.bool_)  # [H, W]
    for entry in entries:
        found |= (wanted == entry).all(axis=2)
    return found


def _placed(old: NDArray[np.uint8], photo: Photo) -> NDArray[np.uint8]:
    """The old indices [H, W] at their place in the photo, which may have grown; 0 elsewhere."""
    if old.shape == photo.pixels.shape[:2]:
        return old.copy()
    indices = np.zeros(photo.pixels.shape[:2], np.uint8)
    x, y = photo.source.placed
    indices[y : y + old.shape[0], x : x + old.shape[1]] = old
    return indices


def _inside(old: NDArray[np.uint8], photo: Photo) -> NDArray[np.bool_]:
    inside = np.zeros(photo.pixels.shape[:2], np.bool_)  # [H, W]
    x, y = photo.source.placed
    inside[y : y + old.shape[0], x : x + old.shape[1]] = True
    return inside
