"""How sure a share is: intervals and a test, each in a few lines."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

Z = 1.959963984540054  # the normal distribution's 97.5 % point
DRAWS = 10_000


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval of a share, both ends in [0, 1]."""

    low: float
    high: float


def wilson(chosen: int, of: int) -> Interval:
    """The 95 % Wilson score interval: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n), p = chosen / n.

    It takes all answers as independent. Source: E. B. Wilson, JASA 22 (1927).

    Raises:
        ValueError: not 0 <= chosen <= of, or of = 0.
    """
    _check(chosen, of)
    share, pull = chosen / of, Z * Z / of
    reach = Z * sqrt(share * (1 - share) / of + pull / (4 * of))
    low, high = ((share + pull / 2 + sign * reach) / (1 + pull) for sign in (-1, 1))
    # At the ends they are exactly 0 and 1, which rounding misses.
    return Interval(0.0 if chosen == 0 else low, 1.0 if chosen == of else high)


def bootstrap(chosen: Sequence[int], of: Sequence[int], seed: int = 0) -> Interval | None:
    """The 95 % percentile interval of sum(chosen) / sum(of) over participants drawn anew with replacement.

    One person's answers hang together, so people are drawn, not answers.

    Args:
        chosen, of: per participant: how often chosen, out of how many answers.
        seed: of the draws; the same seed gives the same interval.

    Returns:
        The interval of 10,000 draws; None for fewer than two participants with answers, who say nothing about others.

    Raises:
        ValueError: not 0 <= chosen <= of somewhere, or of different lengths.
    """
    if len(chosen) != len(of) or any(not 0 <= part <= whole for part, whole in zip(chosen, of, strict=True)):
        raise ValueError("chosen: does not fit `of`; accepted: one number per participant, from 0 to that of `of`")
    counts = np.array([(part, whole) for part, whole in zip(chosen, of, strict=True) if whole], np.float64)  # [P, 2]
    people = len(counts)
    if people < 2:
        return None
    times = np.random.default_rng(seed).multinomial(people, np.full(people, 1 / people), DRAWS)  # [draws, P]
    sums = times @ counts  # [draws, 2]
    low, high = np.percentile(sums[:, 0] / sums[:, 1], (2.5, 97.5))
    return Interval(float(low), float(high))


def sign_test(chosen: int, of: int) -> float:
    """The exact two-sided binomial test of `chosen` out of `of` against a half: the p-value.

    Raises:
        ValueError: not 0 <= chosen <= of, or of = 0.
    """
    _check(chosen, of)
    fewer = min(chosen, of - chosen)
    tail = sum(comb(of, k) for k in range(fewer + 1))
    return min(1.0, 2 * tail / (1 << of))


def _check(chosen: int, of: int) -> None:
    if of < 1 or not 0 <= chosen <= of:
        raise ValueError(f"chosen: is {chosen} of {of}; accepted: 0 to `of`, and `of` at least 1")
