"""Pasting a fill back: match its colour on the ring, feather inside the ring, touch nothing else.

The hole the user marked is dilated by a few pixels; the *ring* is what the dilation added. A method fills hole
and ring; the photo's own pixels in the ring tell how far off the fill's colour is, and the two are blended there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.methods.base import Images, Masks

MAX_OFFSET = 0.06  # larger differences are content, not a colour cast
MIN_RING = 16  # pixels; fewer say nothing about a colour cast


def distance_squared(hole: Masks, limit: int) -> NDArray[np.int32]:
    """Squared Euclidean distance to the nearest hole pixel, exact up to `limit`; beyond it some value > limit^2.

    Args:
        hole: [h, w] bool, True = hole (distance 0).
        limit: pixels, at least 0.
    """
    far = (limit + 1) ** 2
    column = np.where(hole, 0, far).astype(np.int32)  # [h, w]: squared distance along y
    for step in range(1, limit + 1):
        if step >= hole.shape[0]:
            break
        np.minimum(column[step:], np.where(hole[:-step], step * step, far), out=column[step:])
        np.minimum(column[:-step], np.where(hole[step:], step * step, far), out=column[:-step])
    nearest = column.copy()
    for step in range(1, limit + 1):
        if step >= hole.shape[1]:
            break
        np.minimum(nearest[:, step:], column[:, :-step] + step * step, out=nearest[:, step:])
        np.minimum(nearest[:, :-step], column[:, step:] + step * step, out=nearest[:, :-step])
    return nearest


def weights(hole: Masks, dilate: int, feather: int) -> Images:
    """How much of the fill each pixel takes: 1 in the hole, falling to 0 at the ring's outer edge.

    `w = clip((dilate + 1 - d) / (feather + 1), 0, 1)` with d the distance to the hole, 0 for d > dilate.

    Args:
        hole: [h, w] bool, the hole before dilation.
        dilate: width of the ring in pixels.
        feather: width of the falling part in pixels; 0: the whole ring is replaced.

    Returns:
        [h, w] float32 in [0, 1].
    """
    squared = distance_squared(hole, dilate)  # [h, w]
    distance = np.sqrt(squared.astype(np.float32))
    weight = np.clip((dilate + 1 - distance) / (feather + 1), 0.0, 1.0)
    weight[squared > dilate * dilate] = 0.0
    return weight.astype(np.float32)


def colour_offset(photo: Images, fill: Images, ring: Masks) -> NDArray[np.float32]:
    """The colour cast of a fill: `median(photo - fill)` over the ring, per channel.

    Returns [3] float32; zeros where the ring is too small or differs by more than a cast would.
    """
    if np.count_nonzero(ring) < MIN_RING:
        return np.zeros(3, np.float32)
    offset = np.median(photo[ring] - fill[ring], axis=0).astype(np.float32)  # [3]
    return np.where(np.abs(offset).max() <= MAX_OFFSET, offset, np.zeros(3, np.float32))


def blend(photo: Images, fill: Images, weight: Images) -> Images:
    """`weight * fill + (1 - weight) * photo`, all [h, w, 3] float32 with weight [h, w].

    Exactly `fill` where the weight is 1: not a bit of what lay under the hole gets through.
    """
    return weight[..., None] * fill + (1 - weight[..., None]) * photo
