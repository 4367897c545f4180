"""What the models fill while they are timed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.bench.speed.case import Case
    from retouch.methods.base import Images, Masks


def scene(case: Case) -> tuple[Images, Masks]:
    """The images [N, H, W, 3] float32 in [0, 1], black under the hole, and the masks [N, H, W] bool, True = hole.

    The same photo N times, or N different images of noise; always the same hole.

    Raises:
        OSError, ValueError: the photo cannot be read; the message names it.
    """
    mask = box(case.height, case.width, case.hole)  # [H, W]
    if case.photo is None:
        images = np.stack([noise(case.height, case.width, k) for k in range(case.batch)])  # [N, H, W, 3]
    else:
        images = np.stack([_photo(case.photo, case.height, case.width)] * case.batch)  # [N, H, W, 3]
    images[:, mask] = 0
    return images, np.stack([mask] * case.batch)


def box(height: int, width: int, share: float) -> Masks:
    """A box in the middle, of the image's shape, that covers `share` of it: [H, W] bool, True = hole."""
    mask = np.zeros((height, width), bool)  # [H, W]
    tall, wide = (max(1, round(side * share**0.5)) for side in (height, width))
    top, left = (height - tall) // 2, (width - wide) // 2
    mask[top : top + tall, left : left + wide] = True
    return mask


def noise(height: int, width: int, seed: int) -> Images:
    """Noise whose amplitude falls as 1/f, as that of natural photos does (Field 1987): [H, W, 3] in [0, 1].

    The channels share most of it, so that it is nearly grey, as photos are.
    """
    rng = np.random.default_rng(seed)
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]  # [H, 1], [1, W/2 + 1]
    frequency = np.maximum(np.hypot(down, across), 1 / max(height, width))  # [H, W/2 + 1]

    def layer() -> NDArray[np.float64]:
        spectrum = np.fft.rfft2(rng.standard_normal((height, width))) / frequency  # [H, W/2 + 1]
        spectrum[0, 0] = 0
        values = np.fft.irfft2(spectrum, (height, width))  # [H, W]
        return np.asarray(values / values.std())

    grey = layer()  # [H, W]
    image = np.stack([0.5 + 0.18 * grey + 0.06 * layer() for _ in range(3)], axis=-1)  # [H, W, 3]
    return image.clip(0, 1).astype(np.float32)


def _photo(file: str, height: int, width: int) -> Images:
    """The photo's middle, scaled to the size: [H, W, 3] float32 in [0, 1]."""
    from pathlib import Path

    from PIL import ImageOps

    from retouch.data.items import Item

    fitted = ImageOps.fit(Item(0, file, Path(file)).image(), (width, height))
    return np.asarray(fitted, np.float32) / np.float32(255)  # [H, W, 3]
