"""From all images' values and features to figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from retouch.bench.measure.sets import set_values
from retouch.bench.metrics import by_hole_area
from retouch.bench.results import Bucket, Figure, Measured

if TYPE_CHECKING:
    from retouch.bench.measure.choice import Choice
    from retouch.bench.measure.sets import Blocks


def figures(
    images: Sequence[Measured], features: Blocks | None, choice: Choice
) -> tuple[dict[str, Figure], dict[str, str]]:
    """Means over images and metrics of the whole set, and which of the chosen metrics have none here and why.

    Metrics that papers print in per cent stay in [0, 1]. How features are cut into blocks changes no digit. A PSNR is
    infinite where a fill equals its photo; such images are left out of the mean, and `Figure.count` is of the others.

    Args:
        images: their values, in order of k.
        features: gives an iterator over blocks of features of photos and of fills, [n, d] float32 twice, row by row
            in the order of `images`; None: there are none.
        choice: what was measured.
    """
    found, left_out = {}, {}
    for name in choice.images:
        some = [each for each in images if name in each.values]
        if some:
            finite = [each for each in some if math.isfinite(each.values[name])]
            found[name] = _mean(name, finite or some)
        else:
            left_out[name] = "no image has a value"
    if features is None:
        return found, left_out | dict.fromkeys(choice.sets, "no features were computed")
    values, missing = set_values(features, [each.name for each in images], choice)
    found |= {name: Figure(value=value, count=len(images)) for name, value in values.items()}
    return found, left_out | missing


def _mean(name: str, images: Sequence[Measured]) -> Figure:
    values = [each.values[name] for each in images]
    # Where all images are equal to theirs, the mean is infinite and its deviation does not exist.
    spread = len(values) > 1 and all(map(math.isfinite, values))
    buckets = tuple(
        Bucket(low=each.low, high=each.high, count=each.count, mean=None if math.isnan(each.mean) else each.mean)
        for each in by_hole_area(values, [each.hole for each in images])
    )
    return Figure(
        value=math.fsum(values) / len(values),
        count=len(values),
        std=float(np.std(values, ddof=1)) if spread else None,
        buckets=buckets,
    )
