"""Filling one sample as a protocol says: whole or in windows, at another size, with every known pixel kept."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from retouch.mask import dilate
from retouch.window.render import pad, padded_size
from retouch.window.resample import shrink

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.bench.protocols import Sample
    from retouch.filler import Filler
    from retouch.methods.base import Options

RING: dict[str, Any] = {"dilate": 0, "feather": 0}  # only the hole is filled
_REACH = 3  # pixels: bicubic enlarging mixes two on each side, which is less than three across the corner


def fill_sample(
    filler: Filler, sample: Sample, how: Mapping[str, Any] | Options, *, seed: int, run_at: int
) -> tuple[NDArray[np.uint8], float]:
    """The photo with its hole filled, [S, S, 3] uint8, and the seconds that the model took.

    Args:
        filler: the model.
        sample: photo and hole.
        how: options of `filler.run`; or the model's own as one object: it then gets the whole photo in one call, not
            windows around the hole.
        seed: of the run; the fill's own derives from it and the sample's number.
        run_at: side in pixels at which the model runs; only the hole is taken from what is scaled back.
    """
    photo, hole = _scaled(sample, run_at)  # [s, s, 3], [s, s]
    own = seed << 32 | sample.k
    started = time.perf_counter()
    if isinstance(how, Mapping):
        filled = filler.run(photo, hole, seed=own, **(RING | dict(how))).image  # [s, s, 3]
    else:
        filled = _whole(filler, photo, hole, how, own)  # [s, s, 3]
    seconds = time.perf_counter() - started
    side = sample.photo.shape[0]
    if run_at != side:
        filled = np.asarray(Image.fromarray(filled).resize((side, side), Image.Resampling.BICUBIC))  # [S, S, 3]
    return np.where(sample.hole[..., None], filled, sample.photo), seconds


def _scaled(sample: Sample, side: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Photo and hole at another side, such that nothing under the hole reaches a known pixel."""
    given = sample.photo.shape[0]
    if side == given:
        return sample.photo, sample.hole
    if side < given:
        low, hole = shrink(_unit(sample.photo), sample.hole, (side, side))  # [s, s, 3], [s, s]
        return _bytes(low), hole
    wide = dilate(sample.hole, _REACH)  # [S, S]
    photo = Image.fromarray(sample.photo).resize((side, side), Image.Resampling.BICUBIC)
    hole = np.asarray(Image.fromarray(wide).resize((side, side), Image.Resampling.NEAREST))  # [s, s]
    return np.asarray(photo), hole


def _whole(
    filler: Filler, photo: NDArray[np.uint8], hole: NDArray[np.bool_], options: Options, seed: int
) -> NDArray[np.uint8]:
    needs, method = filler.method.needs, filler.method
    height, width = hole.shape
    size = padded_size((width, height), needs)
    blank = np.where(hole[..., None], np.float32(0), _unit(photo))  # [s, s, 3]
    images = pad(blank, size)[None]  # [1, H, W, 3]
    masks = pad(hole, size)[None].astype(bool)  # [1, H, W]
    filled = method(images, masks, options, seeds=[seed])
    return _bytes(filled.images[0, :height, :width])


def _unit(photo: NDArray[np.uint8]) -> NDArray[np.float32]:
    return photo.astype(np.float32) / np.float32(255)


def _bytes(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    if not np.isfinite(image).all():
        raise ValueError("fill: the model gave colours that are no numbers")
    return np.rint(np.clip(image, 0.0, 1.0) * 255).astype(np.uint8)
