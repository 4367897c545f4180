"""Results by the share of the image that the hole covers, in steps of 10 %."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bucket:
    """Images whose hole covers `low` (included) to `high` (left out, but 1) of their area.

    Attributes:
        low: share of the area, 0 to 1.
        high: share of the area, 0 to 1.
        count: images in it.
        mean: mean of the metric over them; NaN where there are none.
        members: their indices.
    """

    low: float
    high: float
    count: int
    mean: float
    members: tuple[int, ...]


def by_hole_area(values: Sequence[float], shares: Sequence[float], *, buckets: int = 10) -> tuple[Bucket, ...]:
    """Mean of a metric per bucket of hole area, as LaMa reports it; empty buckets are there too.

    Args:
        values: of the metric, one per image.
        shares: hole area over image area, one per image, 0 to 1.
        buckets: of equal width.

    Raises:
        ValueError: different lengths, a share outside 0 to 1, fewer than one bucket.
    """
    if buckets < 1:
        raise ValueError(f"buckets: is {buckets}; accepted: at least 1")
    if len(values) != len(shares):
        raise ValueError(f"shares: has {len(shares)} items; accepted: {len(values)}, as values has")
    members: list[list[int]] = [[] for _ in range(buckets)]
    for k, share in enumerate(shares):
        if not 0 <= share <= 1:
            raise ValueError(f"shares: item {k} is {share}; accepted: 0 to 1")
        # A share of 0.3 belongs to 30-40 % although 0.3 * 10 rounds below 3 for some sums of pixels.
        members[min(int(share * buckets + 1e-9), buckets - 1)].append(k)
    return tuple(
        Bucket(
            low=k / buckets,
            high=(k + 1) / buckets,
            count=len(group),
            mean=math.fsum(values[i] for i in group) / len(group) if group else math.nan,
            members=tuple(group),
        )
        for k, group in enumerate(members)
    )
