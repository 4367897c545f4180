"""Whether two models differ: image by image, not mean against mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retouch.bench.kinds import Kind, kind
from retouch.bench.report.intervals import Interval, mean_interval
from retouch.bench.report.tables import badness, crops_of, in_order, outcomes_of

if TYPE_CHECKING:
    from retouch.bench.results import Outcome, Results


@dataclass(frozen=True)
class Difference:
    """How a model differs from the first one in one metric.

    Attributes:
        model: that is compared.
        first: with which.
        metric: kebab-case.
        images: that both have a finite value of.
        interval: of the mean of (model - first); None: too few photos.
        verdict: "better" or "worse" where the interval leaves out 0, else "".
    """

    model: str
    first: str
    metric: str
    images: int
    interval: Interval | None
    verdict: str


def differences(results: Results, holes: str) -> tuple[Difference, ...]:
    """Every model's differences to the first one, per metric over images, paired by the images' numbers k.

    The interval is `mean_interval` of the differences: crops of one photo count once. Of "one" metrics, where 1 is
    ideal, the distances |value - 1| are compared. No correction is made for looking at many pairs.
    """
    outcomes = outcomes_of(results, holes)
    names = {name for each in outcomes for image in each.images for name in image.values}
    columns = [each for each in in_order(names) if each.over == "image"]
    return tuple(
        found
        for other in outcomes[1:]
        for column in columns
        if (found := _difference(outcomes[0], other, column, crops_of(results))) is not None
    )


def _difference(first: Outcome, other: Outcome, column: Kind, crops: int) -> Difference | None:
    mine = {each.k: each for each in first.images if column.name in each.values}
    pairs = [(mine[each.k], each) for each in other.images if each.k in mine and column.name in each.values]
    values = [comparable(column, b.values[column.name]) - comparable(column, a.values[column.name]) for a, b in pairs]
    kept = [(value, pair[0].k // crops) for value, pair in zip(values, pairs, strict=True) if abs(value) < float("inf")]
    if not kept:
        return None
    interval = mean_interval([value for value, _ in kept], [photo for _, photo in kept])
    return Difference(other.model, first.model, column.name, len(kept), interval, _verdict(column, interval))


def comparable(column: Kind, value: float) -> float:
    """What is subtracted: the value, or its distance from 1 where 1 is ideal."""
    return badness(column, value) if column.better == "one" else value


def _verdict(column: Kind, interval: Interval | None) -> str:
    if interval is None or interval.low <= 0 <= interval.high:
        return ""
    return "better" if (interval.mean > 0) == (column.better == "higher") else "worse"


def signed(metric: str, value: float) -> str:
    """A difference as tables show it, with its sign, one digit finer than the metric."""
    column = kind(metric)
    return f"{value * 100 if column.percent else value:+.{column.digits + 1}f}".replace("-", "−")
