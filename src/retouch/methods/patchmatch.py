"""PatchMatch (Barnes et al. 2009): the hole is built from patches of the same photo. Runs the pypatchmatch library."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from retouch.methods.base import PerImage

if TYPE_CHECKING:
    from retouch.methods.base import Images, Masks, Needs
    from retouch.methods.options import PatchMatchOptions

# The library keeps one seed for the whole process, so seeding and filling must not interleave between threads.
_ONE_AT_A_TIME = threading.Lock()


def fill_one(image: Images, mask: Masks, options: PatchMatchOptions, seed: int) -> Images:
    """Fill one image [H, W, 3] float32 in [0, 1] where [H, W] bool is True; computes in 8 bit.

    Raises ValueError when nothing is known: the library would return black.
    """
    import patchmatch

    if mask.all():
        raise ValueError("mask covers the whole window: there is nothing to copy from")
    pixels = np.rint(image * 255).astype(np.uint8)  # [H, W, 3]
    with _ONE_AT_A_TIME:
        patchmatch.set_random_seed(seed % 2**32)
        filled = patchmatch.inpaint(pixels, mask.astype(np.uint8), patch_size=options.patch_size)
    return np.asarray(filled, dtype=np.float32) / np.float32(255)


def build(needs: Needs, device: str) -> PerImage:  # noqa: ARG001 - it runs on the CPU only
    """The method of the card `patchmatch`."""
    return PerImage(fill_one, needs)
