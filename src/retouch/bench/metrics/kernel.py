"""Kernel distance (Bińkowski et al. 2018): KID on Inception features, KD on others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retouch.bench.metrics.check import check_features, check_same_width

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.bench.metrics.check import Floats

_ROWS = 2048  # of a kernel matrix held at once


@dataclass(frozen=True)
class Kid:
    """Kernel distance over random subsets: their mean and standard deviation."""

    mean: float
    deviation: float


def kid(real: Floats, fake: Floats) -> float:
    """Unbiased squared MMD of all rows, kernel (x.y / d + 1)^3; may be slightly negative.

    Args:
        real: features [N, d].
        fake: features [M, d].

    Raises:
        ValueError: NaN or infinite values, fewer than two rows, different widths.
    """
    _check(real, fake)
    n, m = len(real), len(fake)
    within_real = (_kernel_sum(real, real) - _diagonal_sum(real)) / (n * (n - 1))
    within_fake = (_kernel_sum(fake, fake) - _diagonal_sum(fake)) / (m * (m - 1))
    return within_real + within_fake - 2 * _kernel_sum(real, fake) / (n * m)


def kid_subsets(real: Floats, fake: Floats, *, subsets: int = 100, size: int = 1000, seed: int = 0) -> Kid:
    """Mean of `kid` over random subsets, as papers report it; the same seed gives the same value.

    Args:
        real: features [N, d].
        fake: features [M, d].
        subsets: how many are drawn.
        size: rows of each, at most what both sets have.
        seed: of the draws.

    Raises:
        ValueError: as `kid`, or no subsets, or subsets of fewer than two rows.
    """
    _check(real, fake)
    if subsets < 1 or size < 2:
        raise ValueError(f"subsets, size: are {subsets}, {size}; accepted: at least 1 and at least 2")
    size = min(size, len(real), len(fake))
    generator = np.random.default_rng(seed)
    values = []
    for _ in range(subsets):
        one = generator.choice(len(real), size, replace=False)  # [size]
        two = generator.choice(len(fake), size, replace=False)  # [size]
        values.append(kid(real[one], fake[two]))
    return Kid(float(np.mean(values)), float(np.std(values)))


def _check(real: Floats, fake: Floats) -> None:
    check_features(real, "real")
    check_features(fake, "fake")
    check_same_width(real.shape[1], fake.shape[1])


def _kernel_sum(x: Floats, y: Floats) -> float:
    other = y.astype(np.float64)  # [M, d]
    total = 0.0
    for start in range(0, len(x), _ROWS):
        part = x[start : start + _ROWS].astype(np.float64)  # [rows, d]
        total += float(_cube(part @ other.T / x.shape[1] + 1).sum())
    return total


def _diagonal_sum(x: Floats) -> float:
    return float(_cube(np.einsum("nd,nd->n", x, x, dtype=np.float64) / x.shape[1] + 1).sum())


def _cube(x: NDArray[np.float64]) -> NDArray[np.float64]:
    # Two products; a general power is forty times slower.
    return x * x * x
