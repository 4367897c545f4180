"""The fills that the network chooses from: patchmatch with several patches and seeds, and one smooth interpolation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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
    ways = [PatchMatchOptions(patch_size=patch.radius, shrink=patch.shrink) for patch in patches]
    fills = [fill_one(blank, mask, way, seed + k) for k, way in enumerate(ways)]
    fills.append(np.clip(pull_push(blank, mask), 0, 1))
    return np.where(mask[..., None], np.stack(fills), image).astype(np.float32)  # [K, H, W, 3]
