"""From proposals to named masks: duplicates go, a scorer names the rest, regions of one kind are united."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retouch.data.categories import CATEGORIES, Category
from retouch.data.lcg.labelling import right_area

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from retouch.data.lcg.labelling import Limits, Scorer
    from retouch.methods.base import Masks

SIDE = 256  # overlaps are measured on every k-th pixel, so that the longer side has about this many
WORDS = tuple(each.words for each in CATEGORIES)


@dataclass(frozen=True, eq=False)
class Named:
    """A mask [H, W] bool, what it is of, and how sure that is."""

    mask: Masks
    category: Category
    score: float


def distinct(masks: Sequence[Masks], overlap: float) -> list[int]:
    """Greedy non-maximum suppression: the places of masks that overlap no earlier kept one too much.

    Args:
        masks: [H, W] bool each, the surest first.
        overlap: largest intersection over union with a mask that is kept.
    """
    if not masks:
        return []
    step = max(1, round(max(masks[0].shape) / SIDE))
    flat = np.stack([mask[::step, ::step].ravel() for mask in masks]).astype(np.float32)  # [n, pixels]
    both = flat @ flat.T  # [n, n]
    area = np.diag(both)  # [n]
    union = area[:, None] + area[None, :] - both  # [n, n]
    iou = both / np.maximum(union, 1)
    kept: list[int] = []
    for k in range(len(masks)):
        if not kept or iou[k, kept].max() <= overlap:
            kept.append(k)
    return kept


def best_category(image: NDArray[np.uint8], mask: Masks, scorer: Scorer) -> tuple[Category, float]:
    """The category that the scorer finds likeliest among all 137, and its probability."""
    probabilities = scorer.score(image, mask, WORDS)  # [137]
    k = int(np.argmax(probabilities))
    return CATEGORIES[k], float(probabilities[k])


def named(
    image: NDArray[np.uint8], masks: Sequence[Masks], scorer: Scorer, limits: Limits, dropped: Counter[str]
) -> list[Named]:
    """The proposals that have the right area, repeat no surer one, and are of a category that the scorer is sure of.

    Regions of one category that is not countable become one, which must have the right area again.

    Args:
        image: [H, W, 3] uint8.
        masks: [H, W] bool each, the surest first.
        scorer: names them.
        limits: which are kept.
        dropped: those left out are counted here.
    """
    sized = right_area(masks, limits, dropped)
    kept = distinct(sized, limits.overlap)
    dropped["repeated"] += len(sized) - len(kept)
    found: list[Named] = []
    for k in kept:
        category, score = best_category(image, sized[k], scorer)
        if score < limits.score:
            dropped["unsure"] += 1
        else:
            found.append(Named(sized[k], category, score))
    united = _united(found)
    dropped["united with another"] += len(found) - len(united)
    return [each for each in united if right_area([each.mask], limits, dropped)]


def _united(found: Sequence[Named]) -> list[Named]:
    """Regions of the same stuff joined at the place of the first; the score is the mean weighted by area."""
    groups: dict[str, list[Named]] = {}
    for k, each in enumerate(found):
        groups.setdefault(f"{each.category.name} {k}" if each.category.thing else each.category.name, []).append(each)
    return [_one(group) for group in groups.values()]


def _one(group: Sequence[Named]) -> Named:
    if len(group) == 1:
        return group[0]
    mask: Masks = np.logical_or.reduce([each.mask for each in group])  # [H, W]
    areas = [int(each.mask.sum()) for each in group]
    return Named(mask, group[0].category, float(np.average([each.score for each in group], weights=areas)))
