"""Random draws that follow from seeds, the same with and without PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def seeded_normal(seeds: Sequence[int], stream: int, shape: Sequence[int]) -> NDArray[np.float32]:
    """Standard normal values [B, *shape] float32; sample i's follow from seeds[i] alone, so a batch equals a loop.

    Args:
        seeds: one for each sample.
        stream: what the draw is for; those of different streams are independent.
        shape: of one sample's.
    """
    draws = [np.random.default_rng([seed % 2**64, stream]).standard_normal(tuple(shape), np.float32) for seed in seeds]
    return np.stack(draws)
