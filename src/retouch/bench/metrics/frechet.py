"""Fréchet distance between two sets of features (Heusel et al. 2017): FID on Inception features, FD on others."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from retouch.bench.metrics.check import check_features, check_same_width
from retouch.bench.metrics.statistics import Divisor, Statistics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.bench.metrics.check import Floats


class RankDeficiencyWarning(UserWarning):
    """There are no more images than features: the covariance is singular and the distance is biased upwards."""


def fid(real: Floats | Statistics, fake: Floats | Statistics, *, divisor: Divisor = "n") -> float:
    """Fréchet distance |m_r - m_f|^2 + tr(C_r + C_f - 2 (C_r C_f)^(1/2)), at least 0 up to rounding.

    Args:
        real: features [N, d] or their statistics.
        fake: features [M, d] or their statistics; N and M may differ.
        divisor: of the covariance. "n": MAT and StyleGAN2-ADA; "n-1": CoModGAN, LaMa, MI-GAN, ASUKA and all that
            call `np.cov`.

    Warns:
        RankDeficiencyWarning: N or M is not larger than d.

    Raises:
        ValueError: NaN or infinite values, fewer than two rows, different widths or networks, another divisor.
    """
    a, b = _statistics(real, "real"), _statistics(fake, "fake")
    check_same_width(len(a.mean), len(b.mean))
    if a.extractor != b.extractor:
        raise ValueError(f"fake: has features of {b.extractor!r}; accepted: {a.extractor!r}, as real has")
    if min(a.count, b.count) <= len(a.mean):
        text = f"{min(a.count, b.count)} images for {len(a.mean)} features: the covariance is singular; do not report"
        warnings.warn(text, RankDeficiencyWarning, stacklevel=2)
    first, second = a.covariance(divisor), b.covariance(divisor)  # [d, d]
    apart = a.mean - b.mean  # [d]
    return float(apart @ apart + np.trace(first) + np.trace(second) - 2 * root_trace(first, second))


def root_trace(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Trace of (first second)^(1/2) for two covariances [d, d].

    Through the eigenvalues of R^T second R with first = R R^T, which is symmetric: no complex noise, no square root of
    a matrix.
    """
    values, vectors = np.linalg.eigh(first)  # [d], [d, d]
    # What is below rounding is zero; its square root would not be.
    keep = values > values[-1] * len(values) * np.finfo(np.float64).eps  # [d]
    root = vectors[:, keep] * np.sqrt(values[keep])  # [d, r]
    inner = root.T @ second @ root  # [r, r]
    products = np.linalg.eigvalsh((inner + inner.T) / 2)  # [r]
    least = products.max(initial=0.0) * len(products) * np.finfo(np.float64).eps
    return float(np.sqrt(products[products > least]).sum())


def _statistics(x: Floats | Statistics, name: str) -> Statistics:
    if isinstance(x, Statistics):
        if x.count < 2:
            raise ValueError(f"{name}: has {x.count} rows; accepted: at least 2")
        return x
    check_features(x, name)
    return Statistics.of(x)
