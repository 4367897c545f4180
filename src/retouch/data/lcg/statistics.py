"""How many pairs there are of every category, and what they are like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retouch.data.categories import CATEGORIES, ROLES, Category
from retouch.data.lcg.pair import area_share

if TYPE_CHECKING:
    from retouch.data.lcg.pairs import Pairs

MEASURED = 200  # pairs of a category that are read for its means


@dataclass(frozen=True)
class Row:
    """A category.

    Attributes:
        category: which.
        pairs: numbers of its pairs, rising.
        area: mean share of the photo.
        score: mean score.
    """

    category: Category
    pairs: tuple[int, ...]
    area: float
    score: float


def statistics(pairs: Pairs) -> list[Row]:
    """The categories that have pairs, background first, the commonest first; means over at most MEASURED pairs each.

    Raises:
        OSError: a shard is gone.
        ValueError: a line or a mask's code is damaged.
    """
    rows = []
    for place in np.unique(pairs.kind).tolist():
        members = np.flatnonzero(pairs.kind == place)  # [m]
        some = [pairs[k] for k in spread(members.tolist(), MEASURED)]
        area = float(np.mean([area_share(pair.counts, pair.size) for pair in some]))
        score = float(np.mean([pair.score for pair in some]))
        rows.append(Row(CATEGORIES[place], tuple(members.tolist()), area, score))
    return sorted(rows, key=lambda row: (ROLES.index(row.category.role), -len(row.pairs), row.category.name))


def spread(numbers: list[int] | tuple[int, ...], most: int) -> list[int]:
    """At most so many of the numbers, evenly spread."""
    n = len(numbers)
    taken = min(n, most)
    return [numbers[step * n // taken] for step in range(taken)]
