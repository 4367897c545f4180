"""The fills that the network chooses from: patchmatch with several patches and seeds, and one smooth interpolation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from retouch.methods.options import PatchMatchOptions
from retouch.methods.patchmatch import fill_one
from retouch.methods.smooth import pull_push

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retouch.data.patch import Patch
    from retouch.methods.base import Images, Masks


def candidates(image: Images, mask: Masks, patches: Sequence[Patch], seed: int) -> Images:
    """Fill one image in every way.

    Args:
        image: [H, W, 3] float32 in [0, 1]; what lies in the hole is not looked at.
        mask: [H, W] bool, True = hole.
        patches: one fill each, in this order.
        seed: of all of them; fill k is made with a seed that follows from it and k.

    Returns:
        [K, H, W, 3] float32 in [0, 1], K = len(patches) + 1, the smooth fill last; known pixels as in `image`.

    Raises:
        ValueError: nothing is known.
    """
    blank = np.where(mask[..., None], np.float32(0), image)  # [H, W, 3]
    fills = [_patched(blank, mask, patch, seed + k) for k, patch in enumerate(patches)]
    fills.append(np.clip(pull_push(blank, mask), 0, 1))
    return np.where(mask[..., None], np.stack(fills), image).astype(np.float32)  # [K, H, W, 3]


def _patched(blank: Images, mask: Masks, patch: Patch, seed: int) -> Images:
    """One fill by patchmatch, [H, W, 3]."""
    options = PatchMatchOptions(patch_size=patch.radius)
    if patch.shrink == 1:
        return fill_one(blank, mask, options, seed)
    low, low_mask = _shrunk(blank, mask, patch.shrink)  # [h, w, 3], [h, w]
    return _enlarged(fill_one(low, low_mask, options, seed), patch.shrink)[: mask.shape[0], : mask.shape[1]]


def _shrunk(blank: Images, mask: Masks, n: int) -> tuple[Images, Masks]:
    """Means of the known pixels of n x n squares; a square without any is hole: [h, w, 3] and [h, w]."""
    missing = tuple((0, -side % n) for side in mask.shape)
    known = _sums(np.pad(~mask, missing)[..., None].astype(np.float32), n)  # [h, w, 1]
    total = _sums(np.pad(blank, (*missing, (0, 0))), n)  # [h, w, 3]
    low: Images = np.divide(total, np.maximum(known, 1), dtype=np.float32)  # [h, w, 3]
    hole: Masks = known[..., 0] == 0  # [h, w]
    return low, hole


def _sums(array: Images, n: int) -> Images:
    """Sums over n x n squares of [H, W, C]."""
    height, width, channels = array.shape
    sums: Images = array.reshape(height // n, n, width // n, n, channels).sum((1, 3), dtype=np.float32)  # [h, w, C]
    return sums


def _enlarged(low: Images, n: int) -> Images:
    """[h, w, 3] interpolated to [h * n, w * n, 3]."""
    pixels = Image.fromarray(np.rint(low * 255).astype(np.uint8))
    large = pixels.resize((pixels.width * n, pixels.height * n), Image.Resampling.BICUBIC)
    return np.asarray(large, np.float32) / np.float32(255)
