"""Metrics of a whole set of images, from their features."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from retouch.bench.measure.conventions import Conventions, interpret
from retouch.bench.measure.names import metric_of
from retouch.bench.metrics import Accumulator, Ids, PrecisionRecall, Statistics, fid, ids, kid, kid_subsets
from retouch.bench.metrics import precision_recall as both_shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.bench.measure.choice import Choice

    Rows: TypeAlias = NDArray[np.float32]
    Blocks: TypeAlias = Callable[[], Iterator[tuple[Rows, Rows]]]

_SUBSET = 1000  # rows of KID's subsets, as papers have it


@dataclass(frozen=True, eq=False)
class _Set:
    """What the chosen metrics need to know of all features: sums for FID, every row for the others."""

    count: int
    width: int
    sums: tuple[Statistics, Statistics] | None
    rows: tuple[Rows, Rows] | None  # real [n, d], fake [n, d]
    how: Conventions

    @property
    def real(self) -> Rows:
        assert self.rows is not None
        return self.rows[0]

    @property
    def fake(self) -> Rows:
        assert self.rows is not None
        return self.rows[1]

    def fid(self) -> float:
        assert self.sums is not None
        self._needs_more_than(self.width)
        return fid(*self.sums, divisor=self.how.divisor)

    def kid(self) -> float:
        if self.count <= _SUBSET:  # every subset would be the whole set
            return kid(self.real, self.fake)
        return kid_subsets(self.real, self.fake, size=_SUBSET).mean

    @cached_property
    def ids(self) -> Ids:
        # So few points are separated by a plane whatever they are: the score would say nothing.
        self._needs_more_than((self.width + 1) // 2)
        return ids(self.real, self.fake)

    @cached_property
    def shares(self) -> PrecisionRecall:
        return both_shares(self.real, self.fake, k=self.how.neighbours)

    def value(self, metric: str) -> float:
        if metric == "fid":
            return self.fid()
        if metric == "kid":
            return self.kid()
        if metric in ("p-ids", "u-ids"):
            score = self.ids.paired if metric == "p-ids" else self.ids.unpaired
            assert score is not None  # reals and fakes are pairs
            return score
        return self.shares.precision if metric == "precision" else self.shares.recall

    def _needs_more_than(self, count: int) -> None:
        if self.count <= count:
            raise ValueError(f"of {self.count} images over {self.width} features: needs more than {count}")


def set_values(features: Blocks, names: Sequence[str], choice: Choice) -> tuple[dict[str, float], dict[str, str]]:
    """Values of the metrics `choice.sets`, and which have none and why; one that fails does not touch the others.

    Args:
        features: gives blocks of features of photos and fills, both [n, d] float32, row by row of the same image.
        names: of the images, in the order of the rows.
        choice: what is measured.
    """
    if not choice.sets:
        return {}, {}
    if len(names) < 2:
        return {}, dict.fromkeys(choice.sets, f"of {len(names)} images: needs at least 2")
    try:
        whole = _gather(features, names, choice)
    except (ValueError, OSError) as error:
        return {}, dict.fromkeys(choice.sets, str(error))
    values, left_out = {}, {}
    for name in choice.sets:
        try:
            values[name] = whole.value(metric_of(name))
        except (ValueError, ArithmeticError) as error:
            left_out[name] = str(error)
    return values, left_out


def _gather(features: Blocks, names: Sequence[str], choice: Choice) -> _Set:
    """Read all blocks once. FID's sums take the same memory for any number of images; rows are kept only if needed."""
    wanted = {metric_of(name) for name in choice.sets}
    sums: tuple[Accumulator, Accumulator] | None = None
    rows: tuple[Rows, Rows] | None = None
    count = width = 0
    for block in features():
        if not count:
            width = block[0].shape[1]
            sums = (Accumulator(width), Accumulator(width)) if "fid" in wanted else None
            all_rows = (len(names), width)
            rows = (np.empty(all_rows, np.float32), np.empty(all_rows, np.float32)) if wanted != {"fid"} else None
        size = len(block[0])
        if count + size > len(names):
            raise ValueError(f"features: are of more than {len(names)} images")
        for k, (side, part) in enumerate(zip(("photo", "fill"), block, strict=True)):
            if part.shape != (size, width):
                raise ValueError(f"features: a block is {list(part.shape)}; accepted: {[size, width]}")
            _check_finite(part, side, names[count:])
            if sums is not None:
                sums[k].add(part)
            if rows is not None:
                rows[k][count : count + size] = part
        count += size
    if count != len(names):
        raise ValueError(f"features: are of {count} images; accepted: of all {len(names)}")
    statistics = None if sums is None else (sums[0].statistics(), sums[1].statistics())
    return _Set(count, width, statistics, rows, interpret(choice.conventions))


def _check_finite(part: Rows, side: str, names: Sequence[str]) -> None:
    bad = ~np.isfinite(part).all(axis=1)  # [n]
    if bad.any():
        raise ValueError(f"features: of the {side} of {names[int(bad.argmax())]!r} are NaN or infinite")
