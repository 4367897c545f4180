"""U-IDS and P-IDS (Zhao et al. 2021, CoModGAN): how badly a linear classifier tells fakes from reals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retouch.bench.metrics.check import check_features, check_pairs, check_same_width
from retouch.bench.metrics.svm import separate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.bench.metrics.check import Floats


@dataclass(frozen=True)
class Ids:
    """Unpaired and paired scores of one classifier; higher is better. `paired` is None where counts differ."""

    unpaired: float
    paired: float | None


def ids(real: Floats, fake: Floats, *, pca: int | None = None) -> Ids:
    """Both scores from one classifier, fitted and judged on the same features, as the papers do.

    U-IDS = 1 - accuracy, at most 0.5; P-IDS = share of pairs whose fake scores strictly higher than its real. The
    classifier is a linear SVM (squared hinge, C = 1, penalised intercept) on raw features, without standardisation.

    Args:
        real: features [N, d].
        fake: features [M, d]; row k is the pair of real's row k where M = N.
        pca: reduce to so many components of both sets first (ASUKA's script does, with 512 or 1024); None: no.

    Raises:
        ValueError: NaN or infinite values, fewer than two rows, different widths, an impossible `pca`.
    """
    check_features(real, "real")
    check_features(fake, "fake")
    check_same_width(real.shape[1], fake.shape[1])
    if pca is not None:
        real, fake = _reduced(real, fake, pca)
    plane = separate(real, fake)
    reals, fakes = plane.score(real), plane.score(fake)  # [N], [M]
    right = int((reals > 0).sum()) + int((fakes <= 0).sum())
    paired = float((fakes > reals).mean()) if len(real) == len(fake) else None
    return Ids(1 - right / (len(real) + len(fake)), paired)


def u_ids(real: Floats, fake: Floats, *, pca: int | None = None) -> float:
    """Unpaired score, see `ids`."""
    return ids(real, fake, pca=pca).unpaired


def p_ids(real: Floats, fake: Floats, *, pca: int | None = None) -> float:
    """Paired score, see `ids`.

    Raises:
        ValueError: as `ids`, or different numbers of rows.
    """
    check_features(real, "real")
    check_features(fake, "fake")
    check_pairs(len(real), len(fake))
    paired = ids(real, fake, pca=pca).paired
    assert paired is not None
    return paired


def _reduced(real: Floats, fake: Floats, components: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Principal components of both sets together, by an exact decomposition (the script's is a random one)."""
    both = np.concatenate([real, fake]).astype(np.float64)  # [N + M, d]
    if not 1 <= components <= min(both.shape):
        raise ValueError(f"pca: is {components}; accepted: 1 to {min(both.shape)}")
    both -= both.mean(axis=0)
    _, vectors = np.linalg.eigh(both.T @ both)  # [d, d], ascending
    low = both @ vectors[:, ::-1][:, :components]  # [N + M, components]
    return low[: len(real)], low[len(real) :]
