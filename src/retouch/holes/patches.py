"""Enlarging a hole to a fixed number of patches, as a masked autoencoder drops a fixed number of tokens."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from retouch.holes.check import checked_count, checked_hole, checked_rng

if TYPE_CHECKING:
    from numpy.random import Generator

    from retouch.methods.base import Masks

PATCH = 16  # pixels; a photo of 256 x 256 has 16 x 16 of them
PART = 0.75  # of the patches are dropped


def touched(hole: Masks, patch: int = PATCH) -> Masks:
    """The patches that hold any hole: [ceil(H / patch), ceil(W / patch)] bool."""
    rows, columns = (math.ceil(side / patch) for side in hole.shape)
    padded = np.zeros((rows * patch, columns * patch), bool)
    padded[: hole.shape[0], : hole.shape[1]] = hole
    grid = padded.reshape(rows, patch, columns, patch)  # [rows, patch, columns, patch]
    return np.asarray(grid.any(axis=(1, 3)))  # [rows, columns]


def enlarge(hole: Masks, rng: Generator, part: float = PART, patch: int = PATCH) -> Masks:
    """Add whole random patches until `part` of all patches hold some hole.

    A hole that touches as many already comes back as it is: nothing of a hole is ever uncovered. (The official code
    uncovers random hole patches there.)

    Args:
        hole: [H, W] bool, True = hole.
        rng: source of everything random.
        part: share of patches, from 0 to 1, rounded to whole patches.
        patch: side of a patch in pixels; patches at the right and lower edge may be cut.

    Returns:
        [H, W] bool, a new array.

    Raises:
        ValueError: `hole`, `rng`, `part` or `patch` is none of these.
    """
    checked_hole("hole", hole)
    checked_rng(rng)
    checked_count("patch", patch, least=1)
    if not 0 <= part <= 1:
        raise ValueError(f"part: is {part!r}; accepted: a share from 0 to 1")
    grid = touched(hole, patch)  # [rows, columns]
    wanted = round(part * grid.size) - int(grid.sum())
    added = np.zeros(grid.size, bool)  # [rows * columns]
    if wanted > 0:
        added[rng.permutation(np.flatnonzero(~grid))[:wanted]] = True
    whole = added.reshape(grid.shape).repeat(patch, axis=0).repeat(patch, axis=1)
    larger: Masks = hole | whole[: hole.shape[0], : hole.shape[1]]  # [H, W]
    return larger
