"""PatchMatch (Barnes et al. 2009): the hole is built from patches of the same photo. Runs the pypatchmatch library.

With the option `shrink` it works at a fraction of the size, and the detail of like places is added afterwards:

    image ─ 1/shrink ─▶ pypatchmatch ─ × shrink ─▶ + detail (`window.detail`) ─▶ filled
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from retouch.methods.base import PerImage
from retouch.window.detail import add_detail
from retouch.window.plan import thickness
from retouch.window.resample import shrink

if TYPE_CHECKING:
    from retouch.methods.base import Images, Masks, Needs
    from retouch.methods.options import PatchMatchOptions

THIN = 8  # pixels across: scratches are filled at full size
SMALLEST = 32  # side that an image is scaled down to at the least
# The library keeps one seed for the whole process, so seeding and filling must not interleave between threads.
_ONE_AT_A_TIME = threading.Lock()


def fill_one(image: Images, mask: Masks, options: PatchMatchOptions, seed: int) -> Images:
    """Fill one image [H, W, 3] float32 in [0, 1] where [H, W] bool is True.

    Raises ValueError when nothing is known: the library would return black.
    """
    if mask.all():
        raise ValueError("mask covers the whole window: there is nothing to copy from")
    height, width = mask.shape
    size = (width // options.shrink, height // options.shrink)
    if options.shrink == 1 or min(size) < SMALLEST or thickness(mask) < THIN:
        return _patched(image, mask, options, seed)
    low, low_mask = shrink(image, mask, size)  # [h, w, 3], [h, w]
    return add_detail(image, mask, _patched(low, low_mask, options, seed), seed)


def _patched(image: Images, mask: Masks, options: PatchMatchOptions, seed: int) -> Images:
    """The library's fill at the size given; it computes in 8 bit."""
    import patchmatch

    pixels = np.rint(image * 255).astype(np.uint8)  # [H, W, 3]
    with _ONE_AT_A_TIME:
        patchmatch.set_random_seed(seed % 2**32)
        filled = patchmatch.inpaint(pixels, mask.astype(np.uint8), patch_size=options.patch_size)
    return np.asarray(filled, dtype=np.float32) / np.float32(255)


def build(needs: Needs, device: str) -> PerImage:  # noqa: ARG001 - it runs on the CPU only
    """The method of the card `patchmatch`."""
    return PerImage(fill_one, needs)
