"""What the ways of labelling share: photos to label, what becomes of one, and which masks are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from retouch.holes.reject import share

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from retouch.data.lcg.pair import Pair
    from retouch.holes.check import Ratio
    from retouch.methods.base import Masks


class Segmenter(Protocol):
    """Finds objects and regions."""

    @property
    def name(self) -> str:
        """Goes into the source of pairs."""
        ...

    def propose(self, image: NDArray[np.uint8], boxes: NDArray[np.float64] | None = None) -> list[Masks]:
        """Masks of an image.

        Args:
            image: [H, W, 3] uint8.
            boxes: [n, 4] x0, y0, x1, y1 in pixels; None: everything that is found.

        Returns:
            [H, W] bool each, True = object. With boxes one for each, in their order, perhaps empty; else the surest
            first.
        """
        ...


class Scorer(Protocol):
    """Says what a mask covers."""

    @property
    def name(self) -> str:
        """Goes into the source of pairs."""
        ...

    def score(self, image: NDArray[np.uint8], mask: Masks, names: Sequence[str]) -> NDArray[np.float64]:
        """Probabilities [len(names)] that `mask` [H, W] of `image` [H, W, 3] is what a name says; their sum is 1."""
        ...


@dataclass(frozen=True)
class Problem:
    """An annotation or photo that could not be used, and why."""

    image: str
    reason: str


@dataclass(frozen=True)
class Labelled:
    """What became of one photo.

    Attributes:
        pairs: its pairs.
        dropped: how many masks were left out as planned, by reason.
        problems: what was damaged or did not fit.
    """

    pairs: tuple[Pair, ...] = ()
    dropped: Counter[str] = field(default_factory=Counter)
    problems: tuple[Problem, ...] = ()


class Source(Protocol):
    """Photos that can be labelled one by one."""

    @property
    def name(self) -> str:
        """How they are labelled; runs that differ in it are not mixed."""
        ...

    @property
    def images(self) -> tuple[str, ...]:
        """Names of the photos, in the order of their numbers."""
        ...

    def label(self, k: int) -> Labelled:
        """Label photo `k`; what is wrong with it alone is told in the result."""
        ...


@dataclass(frozen=True)
class Limits:
    """Which masks are kept.

    Attributes:
        area: smallest and largest share of the photo.
        overlap: of two proposals whose intersection over union is above it, the less sure one goes.
        score: least probability of the best category.
    """

    area: Ratio = (0.01, 0.8)
    overlap: float = 0.7
    score: float = 0.5

    def __post_init__(self) -> None:
        """Raise ValueError for what is no share, or a range whose ends are the wrong way round."""
        low, high = self.area
        if not 0 <= low < high <= 1:
            raise ValueError(f"area: is {self.area}; accepted: two shares from 0 to 1, the smaller one first")
        for name, value in (("overlap", self.overlap), ("score", self.score)):
            if not 0 <= value <= 1:
                raise ValueError(f"{name}: is {value}; accepted: from 0 to 1")


def area_reason(mask: Masks, limits: Limits) -> str | None:
    """Why a mask is left out for its area; None: it is kept."""
    part = share(mask)
    if part < limits.area[0]:
        return "empty" if part == 0 else "too small"
    return "too large" if part > limits.area[1] else None


def right_area(masks: Iterable[Masks], limits: Limits, dropped: Counter[str]) -> list[Masks]:
    """The masks whose area is within the limits; the others are counted in `dropped`."""
    kept = []
    for mask in masks:
        reason = area_reason(mask, limits)
        if reason is None:
            kept.append(mask)
        else:
            dropped[reason] += 1
    return kept
