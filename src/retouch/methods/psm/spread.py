"""PSM's spread: a few iterations, each keeping the pixels the network is surest of (Eq. 4, 5), in NumPy.

Each iteration t of T:

    predict   mean, log_variance = f(x, m_0, m, u, tau),  tau = (t - 1) / T
    pick      the missing pixels with the smallest variance become known, as many as the schedule says: m_t
    sample    x_t = m_0 * x + (m_t - m_0) * (mean + alpha * sigma * eps)

Here, as in the paper, masks are 1 / True = KNOWN, and images lie in [-1, 1]; `method.py` converts. No sample of a
batch influences another one. `spread_torch.py` is the same for training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from retouch.methods.psm.schedules import ROUNDING, Share, shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.floating[Any]]
    Known: TypeAlias = NDArray[np.bool_]
    # network(x [B,3,H,W], m_0, m, u [B,1,H,W], tau) -> mean, log_variance [B,3,H,W]
    Network: TypeAlias = Callable[[Array, Array, Array, Array, float], tuple[Array, Array]]
    Noise: TypeAlias = Callable[[int], Array]
    # order(score [B,1,H,W], t) -> [B,1,H,W]: of the missing pixels those with the lowest values are picked
    Order: TypeAlias = Callable[[Array, int], Array]


@dataclass(frozen=True)
class SpreadSettings:
    """How a spread goes on, whatever the network.

    Attributes:
        iterations: T, 1 or more.
        alpha: how much of the predicted spread of values is sampled (Eq. 5); 0: none.
        schedule: a name in `schedules.SCHEDULES`, or a function as `schedules.shares` takes it.
        uncertainty: "clip": min(sigma, 1), the same scale everywhere (values in [-1, 1] have a standard deviation
            of at most 1); "minmax": sigma from 0 to 1 over each hole.
    """

    iterations: int = 4
    alpha: float = 0.01
    schedule: str | Share = "linear"
    uncertainty: Literal["clip", "minmax"] = "clip"

    def __post_init__(self) -> None:
        if not 0 <= self.alpha < float("inf"):
            raise ValueError(f"alpha: is {self.alpha}; accepted: 0 or more")
        if self.uncertainty not in ("clip", "minmax"):
            raise ValueError(f"uncertainty: is {self.uncertainty!r}; accepted: 'clip', 'minmax'")
        shares(self.schedule, self.iterations)


@dataclass(frozen=True, eq=False)
class Step:
    """What iteration `t` (from 1) left.

    Attributes:
        mean: [B, 3, H, W], the network's prediction for every pixel.
        log_variance: [B, 3, H, W], of the same.
        known: [B, 1, H, W] bool, m_t: known from the start or picked so far.
        uncertainty: [B, 1, H, W] in [0, 1], u_t: 1 where still missing, 0 where known from the start.
        image: [B, 3, H, W] in [-1, 1], x_t: 0 where still missing; the result after the last iteration.
    """

    t: int
    mean: Array
    log_variance: Array
    known: Known
    uncertainty: Array
    image: Array

    @property
    def sigma(self) -> Array:
        """[B, 3, H, W], the predicted standard deviation exp(log_variance / 2)."""
        return np.exp(self.log_variance / 2)


DEFAULT = SpreadSettings()


def spread(
    network: Network,
    image: Array,
    known: Known,
    noise: Noise,
    settings: SpreadSettings = DEFAULT,
    *,
    order: Order | None = None,
) -> Iterator[Step]:
    """Yield each iteration's Step; the last one's `image` is the filled image, its `known` is all True.

    Args:
        network: network(x, m_0, m, u, tau) -> (mean, log_variance), arrays of the image's type; tau = (t - 1) / T.
        image: [B, 3, H, W] floats in [-1, 1]; what lies under the hole is not read.
        known: [B, 1, H, W] bool, True = known. Holes may be empty or cover the image.
        noise: noise(t) gives standard normal values [B, 3, H, W] for iteration t, asked for t < T only.
        settings: of the spread.
        order: picks by other values than the predicted variance, to compare with; uncertainty maps stay those of the
            variance.

    Raises:
        ValueError: shapes that do not fit, or a network that gives NaN or infinite values; the iteration is named.
    """
    check(image, known)
    holes = np.count_nonzero(~known, axis=(1, 2, 3))  # [B], N_0
    x = np.where(known, image, image.dtype.type(0))  # [B, 3, H, W]
    m, u = known, (~known).astype(image.dtype)  # [B, 1, H, W]
    steps = shares(settings.schedule, settings.iterations)
    for t, share in enumerate(steps, start=1):
        mean, log_variance, score = predict(network, x, known, m, u, t, settings.iterations)
        ranked = score if order is None else _ordered(order, score, t)
        m = pick(ranked, m, np.floor(share * holes + ROUNDING).astype(np.intp))
        u = uncertainty(score, known, m, settings.uncertainty)
        deviation = 0 if t == len(steps) else settings.alpha * np.exp(log_variance / 2) * noise(t)
        x = np.clip(sample(image, known, m, mean + deviation), -1, 1)
        yield Step(t, mean, log_variance, m, u, x)


def check(image: Any, known: Any) -> None:
    """Refuse with a ValueError shapes that do not fit; arrays and tensors alike."""
    if len(image.shape) != 4 or image.shape[1] != 3:
        raise ValueError(f"image: has the shape {tuple(image.shape)}; accepted: [B, 3, H, W]")
    wanted = (image.shape[0], 1, *image.shape[2:])
    if tuple(known.shape) != wanted or not str(known.dtype).endswith("bool"):
        raise ValueError(f"known: is {known.dtype} {tuple(known.shape)}; accepted: bool {wanted}, as the image is")


def predict(
    network: Network, x: Array, m0: Known, m: Known, u: Array, t: int, iterations: int
) -> tuple[Array, Array, Array]:
    """Mean, log-variance [B, 3, H, W], and each pixel's score [B, 1, H, W], the mean variance of its channels (Eq. 4).

    Raises:
        ValueError: the network's output has another shape, or is not finite.
    """
    when = f"in iteration {t} of {iterations}"
    given = network(x, m0.astype(x.dtype), m.astype(x.dtype), u, (t - 1) / iterations)
    mean, log_variance = (np.asarray(value, x.dtype) for value in given)  # half precision would make ties of scores
    for name, value in (("mean", mean), ("log-variance", log_variance)):
        if value.shape != x.shape:
            raise ValueError(f"network: its {name} has the shape {value.shape} {when}; accepted: {x.shape}")
    with np.errstate(over="ignore"):  # told as an error, by name
        score = np.exp(log_variance).mean(axis=1, keepdims=True)  # [B, 1, H, W]
    if not (np.isfinite(mean).all() and np.isfinite(score).all()):
        raise ValueError(f"network: gives NaN or infinite values {when}; accepted: finite ones (damaged weights?)")
    return mean, log_variance, score


def _ordered(order: Order, score: Array, t: int) -> Array:
    values = np.asarray(order(score, t))
    if values.shape != score.shape or np.isnan(values).any():
        raise ValueError(f"order: gives {values.shape} in iteration {t}; accepted: {score.shape} without NaN")
    return values


def pick(score: Array, m: Known, missing: NDArray[np.intp]) -> Known:
    """The mask m_t: of the missing pixels, those with the lowest score become known until `missing` are left.

    Args:
        score: [B, 1, H, W]; of equal scores the first in row order is picked.
        m: [B, 1, H, W] bool, m_{t-1}.
        missing: [B], N_t.
    """
    picked = m.copy()
    for one, values, left in zip(picked.reshape(len(m), -1), score.reshape(len(m), -1), missing, strict=True):
        todo = np.flatnonzero(~one)  # in row order
        order = np.argsort(values[todo], kind="stable")
        one[todo[order[: max(len(todo) - left, 0)]]] = True
    return picked


def uncertainty(score: Array, m0: Known, m: Known, scaling: str) -> Array:
    """The map u_t [B, 1, H, W] in [0, 1]: 1 where missing, 0 where known from the start, scaled sigma between."""
    sigma = np.sqrt(score)  # [B, 1, H, W]
    if scaling == "minmax":
        low = np.where(m0, np.inf, sigma).min(axis=(1, 2, 3), keepdims=True)  # [B, 1, 1, 1]
        high = np.where(m0, -np.inf, sigma).max(axis=(1, 2, 3), keepdims=True)
        sigma = (sigma - low) / np.where(high > low, high - low, 1)
    filled = np.where(m0, 0, np.clip(sigma, 0, 1))
    return np.where(m, filled, 1).astype(score.dtype)


def sample(image: Array, m0: Known, m: Known, values: Array) -> Array:
    """The image x_t = m_0 * x + (m_t - m_0) * values (Eq. 5): earlier picks are refreshed, too; 0 where missing."""
    return np.where(m0, image, np.where(m, values, values.dtype.type(0)))
