"""Improved precision and recall (Kynkäänniemi et al. 2019): what share of one set lies within the other's manifold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from retouch.bench.metrics.check import check_features, check_same_width, choose

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.bench.metrics.check import Floats

    Distances = NDArray[np.float64] | NDArray[np.float16]

Mode = Literal["exact", "official-float16"]

_ROWS = 1024  # of a distance matrix held at once


@dataclass(frozen=True)
class PrecisionRecall:
    """Precision: share of fakes inside the reals' manifold; recall: share of reals inside the fakes' manifold."""

    precision: float
    recall: float


def precision_recall(real: Floats, fake: Floats, *, k: int = 3, mode: Mode = "exact") -> PrecisionRecall:
    """Both shares, in [0, 1]; higher is better.

    A set's manifold is the union of balls around its points that reach to their k-th nearest other point of the set.

    Args:
        real: features [N, d], N > k.
        fake: features [M, d], M > k.
        k: neighbours.
        mode: "exact" computes in float64. "official-float16" rounds features, squared lengths and distances to half
            precision, as the published code does; for comparison with numbers made by it only.

    Raises:
        ValueError: NaN or infinite values, too few rows for k, different widths, another mode.
    """
    choose(mode, ("exact", "official-float16"), "mode")
    if k < 1:
        raise ValueError(f"k: is {k}; accepted: at least 1")
    check_features(real, "real", least=k + 1)
    check_features(fake, "fake", least=k + 1)
    check_same_width(real.shape[1], fake.shape[1])
    if mode == "exact":
        # Distances do not see where the origin is, but rounding does.
        middle = real.mean(axis=0, dtype=np.float64)  # [d]
        real, fake = real.astype(np.float64) - middle, fake.astype(np.float64) - middle
    half = mode == "official-float16"
    return PrecisionRecall(_covered(fake, real, k, half), _covered(real, fake, k, half))


def precision(real: Floats, fake: Floats, *, k: int = 3, mode: Mode = "exact") -> float:
    """Share of fakes inside the reals' manifold, see `precision_recall`."""
    return precision_recall(real, fake, k=k, mode=mode).precision


def recall(real: Floats, fake: Floats, *, k: int = 3, mode: Mode = "exact") -> float:
    """Share of reals inside the fakes' manifold, see `precision_recall`."""
    return precision_recall(real, fake, k=k, mode=mode).recall


def _covered(points: Floats, manifold: Floats, k: int, half: bool) -> float:
    """Share of `points` [N, d] inside a ball around one of `manifold` [M, d]."""
    squared = _half_distances if half else _distances
    radii = []
    for start in range(0, len(manifold), _ROWS):
        near = squared(manifold[start : start + _ROWS], manifold)  # [rows, M]
        # Each point is its own nearest neighbour, hence the (k + 1)-th smallest.
        radii.append(np.partition(near, k, axis=1)[:, k])
    radius = np.concatenate(radii)  # [M]
    inside = 0
    for start in range(0, len(points), _ROWS):
        inside += int((squared(points[start : start + _ROWS], manifold) <= radius).any(axis=1).sum())
    return inside / len(points)


def _distances(x: Floats, y: Floats) -> NDArray[np.float64]:
    """Squared distances [N, M] of float64 points."""
    lengths = (x * x).sum(axis=1)[:, None] + (y * y).sum(axis=1)  # [N, M]
    out = lengths - 2 * (x @ y.T)
    # Equal points come out as rounding noise around zero.
    out[out < 1e-13 * lengths] = 0
    return np.asarray(out, np.float64)


def _half_distances(x: Floats, y: Floats) -> NDArray[np.float16]:
    """Distances [N, M] with the roundings of a half-precision matrix product."""
    x, y = (_half(v) for v in (x, y))
    first, second = (_half(_half(v * v).sum(axis=1)) for v in (x, y))  # [N], [M]
    out = (first[:, None] + second - 2 * (x @ y.T)).astype(np.float16)  # [N, M]
    return np.asarray(np.sqrt(np.maximum(out, np.float16(0))), np.float16)


def _half(x: Floats) -> NDArray[np.float32]:
    """Rounded to half precision, in float32, in which the published code's hardware adds up."""
    if np.abs(x).max() >= 65520:
        raise ValueError("mode: is 'official-float16', but the features are too large for it; accepted: 'exact'")
    return x.astype(np.float16).astype(np.float32)
