"""From tokens to the numbers of Fig. 3: cosines over the hole's size (a), t-SNE (b). Needs no PyTorch."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 10  # of the hole's share, a tenth each
PERPLEXITY = 30.0  # t-SNE's usual one; too large for few points
MOST = 300  # photos in a t-SNE; more hide one another, and its time grows


@dataclass(frozen=True, eq=False)
class Tokens:
    """Semantic tokens of N photos, each with one hole.

    Attributes:
        shares: [N] float64, share of each photo that is hole, in [0, 1].
        clean: [N, d], of the photos without holes.
        masked: [N, d], of the photos with their holes black.
        mapped: [N, d], `masked` after the adaptation MLP; None: there is none.
    """

    shares: NDArray[np.float64]
    clean: NDArray[np.float32]
    masked: NDArray[np.float32]
    mapped: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation (n - 1; nan for one value) of cosines in [-1, 1]."""

    mean: float
    deviation: float


@dataclass(frozen=True)
class Row:
    """Photos whose hole's share lies from `low` up to, and without, `high`.

    Attributes:
        low, high: in [0, 1]; a share of 1 belongs to the last row.
        photos: how many; 0: everything below is None.
        share: their mean share of hole.
        masked: cosine(clean, masked).
        mapped: cosine(clean, mapped); None without adaptation.
        masked_other: cosine(another photo's clean, masked): a token as near to its own photo as to others says nothing.
        mapped_other: cosine(another photo's clean, mapped): an adaptation that always gave the mean of all tokens would
            raise `mapped` too, and this as much; None without adaptation.
    """

    low: float
    high: float
    photos: int = 0
    share: float | None = None
    masked: Spread | None = None
    mapped: Spread | None = None
    masked_other: Spread | None = None
    mapped_other: Spread | None = None


@dataclass(frozen=True)
class Similarity:
    """Fig. 3a: ten rows by the hole's share, and all photos in one row."""

    rows: tuple[Row, ...]
    whole: Row


@dataclass(frozen=True, eq=False)
class Embedding:
    """Fig. 3b: places in the plane, [n, 2] each, row k of all three being the same photo; `mapped` may be None."""

    clean: NDArray[np.float64]
    masked: NDArray[np.float64]
    mapped: NDArray[np.float64] | None


def cosine(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    """a . b / (|a| |b|) of each row; 0 where a row is all 0.

    Args:
        a, b: [N, d].

    Returns:
        [N] in [-1, 1].
    """
    return np.einsum("nd,nd->n", _unit(a), _unit(b))  # type: ignore[no-any-return]


def similarity(tokens: Tokens) -> Similarity:
    """Cosines of masked and mapped tokens to clean ones, by the hole's share and over all.

    The other photo of photo k is the one half the photos further on.

    Raises:
        ValueError: fewer than two photos, or arrays that do not fit together.
    """
    _check(tokens)
    others = np.roll(tokens.clean, len(tokens.clean) // 2, axis=0)  # [N, d]
    bins = np.minimum((tokens.shares * BINS).astype(int), BINS - 1)  # [N]

    def row(low: float, high: float, chosen: NDArray[np.bool_]) -> Row:
        if not chosen.any():
            return Row(low, high)
        pairs = [(clean, seen) for clean in (tokens.clean, others) for seen in (tokens.masked, tokens.mapped)]
        spreads = [None if seen is None else _spread(cosine(clean[chosen], seen[chosen])) for clean, seen in pairs]
        return Row(low, high, int(chosen.sum()), float(tokens.shares[chosen].mean()), *spreads)

    rows = tuple(row(k / BINS, (k + 1) / BINS, bins == k) for k in range(BINS))
    return Similarity(rows, row(0.0, 1.0, np.ones(len(bins), bool)))


def check_installed() -> None:
    """Raise ImportError that names the extra to install where PyTorch or scikit-learn is missing."""
    for module in ("torch", "sklearn"):
        if importlib.util.find_spec(module) is None:
            raise ImportError(f"the analysis needs {module!r}, of the extra 'bench': pip install 'retouch[bench]'")


def embed(tokens: Tokens, seed: int = 0) -> Embedding:
    """t-SNE of clean, masked and mapped tokens together, all at length 1, so that distances follow cosines.

    Args:
        tokens: of more than MOST photos, as many are taken at random. The perplexity is 30, or a third of the points
            where that is less.
        seed: of t-SNE and that choice; the same seed gives the same picture.

    Raises:
        ValueError: fewer than two photos, or arrays that do not fit together.
        ImportError: scikit-learn is not installed.
    """
    _check(tokens)
    n = len(tokens.shares)
    check_installed()
    # By name: type checkers need not have the extra.
    manifold, pools = importlib.import_module("sklearn.manifold"), importlib.import_module("threadpoolctl")
    # At random: sizes of holes come in turns, of which every other photo has half.
    chosen = np.sort(np.random.default_rng(seed).permutation(n)[:MOST])  # [n']
    kinds = [kind[chosen] for kind in (tokens.clean, tokens.masked, tokens.mapped) if kind is not None]
    points = _unit(np.concatenate(kinds))  # [2 n' or 3 n', d]
    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    # Several threads would add up in an order of their own, and t-SNE makes pictures apart of the last bit.
    with pools.threadpool_limits(1):
        tsne = manifold.TSNE(perplexity=perplexity, init="pca", random_state=seed)
        places = tsne.fit_transform(points).astype(np.float64)  # [2 n' or 3 n', 2]
    parts = np.split(places, len(kinds))
    return Embedding(parts[0], parts[1], parts[2] if len(parts) == 3 else None)


def _unit(x: NDArray[Any]) -> NDArray[np.float64]:
    x = x.astype(np.float64)
    length = np.linalg.norm(x, axis=1, keepdims=True)  # [N, 1]
    return x / np.where(length == 0, 1.0, length)


def _spread(values: NDArray[np.float64]) -> Spread:
    deviation = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    return Spread(float(values.mean()), deviation)


def _check(tokens: Tokens) -> None:
    n = len(tokens.shares)
    shapes = {kind.shape for kind in (tokens.clean, tokens.masked, tokens.mapped) if kind is not None}
    if n < 2 or len(shapes) != 1 or tokens.shares.ndim != 1 or (shape := shapes.pop())[0] != n or len(shape) != 2:
        given = [None if each is None else list(each.shape) for each in (tokens.clean, tokens.masked, tokens.mapped)]
        raise ValueError(
            f"tokens: shares {list(tokens.shares.shape)}, tokens {given}; accepted: [N], [N, d] each, N > 1"
        )
    if not all(np.isfinite(kind).all() for kind in (tokens.clean, tokens.masked, tokens.mapped) if kind is not None):
        raise ValueError("tokens: hold values that are no finite numbers; accepted: finite ones")
    if not (np.isfinite(tokens.shares).all() and tokens.shares.min() >= 0 and tokens.shares.max() <= 1):
        raise ValueError(f"tokens: shares from {tokens.shares.min():g} to {tokens.shares.max():g}; accepted: 0 to 1")
