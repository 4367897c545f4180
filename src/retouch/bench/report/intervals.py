"""How sure a mean over images is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Z = 1.959963984540054  # the normal distribution's 97.5 % point


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % confidence interval; `photos` independent photos stand behind it."""

    mean: float
    low: float
    high: float
    photos: int

    @property
    def half(self) -> float:
        """Half of its width."""
        return (self.high - self.low) / 2


def mean_interval(values: Sequence[float], photos: Sequence[int]) -> Interval | None:
    """The mean m of `values` and its 95 % interval m ± t √(G/(G-1) Σ_g (Σ_{i in g} (x_i - m))² / n²).

    Crops of one photo hang together, so each of the G photos counts once; where every photo has one value this is the
    usual m ± t s/√n. t is Student's 97.5 % point with G - 1 degrees of freedom.

    Args:
        values: one per image.
        photos: of each value, the number of the photo that it belongs to.

    Returns:
        None for fewer than two photos, and where a value is not finite: then there is no such interval.

    Raises:
        ValueError: lists of different lengths.
    """
    if len(values) != len(photos):
        raise ValueError(f"photos: has {len(photos)} numbers for {len(values)} values; accepted: one for each")
    if len(set(photos)) < 2 or not all(map(math.isfinite, values)):
        return None
    mean = math.fsum(values) / len(values)
    sums: dict[int, float] = {}
    for value, photo in zip(values, photos, strict=True):
        sums[photo] = sums.get(photo, 0.0) + value - mean
    count = len(sums)
    error = math.sqrt(count / (count - 1) * math.fsum(each * each for each in sums.values())) / len(values)
    reach = student(count - 1) * error
    return Interval(mean, mean - reach, mean + reach, count)


def student(freedom: int) -> float:
    """Student's t: its 97.5 % point with `freedom` >= 1 degrees of freedom, to 0.1 %.

    Exact for one and two; from three on the expansion in 1/freedom around the normal distribution's point (Abramowitz
    and Stegun, 26.7.5).
    """
    if freedom == 1:
        return math.tan(math.pi * 0.475)
    if freedom == 2:
        return 0.95 * math.sqrt(2 / (1 - 0.95**2))
    terms = (
        (Z**3 + Z) / 4,
        (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96,
        (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384,
        (79 * Z**9 + 776 * Z**7 + 1482 * Z**5 - 1920 * Z**3 - 945 * Z) / 92160,
    )
    return Z + math.fsum(term / float(freedom) ** k for k, term in enumerate(terms, start=1))
