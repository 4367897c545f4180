"""From proposals to named masks."""

from collections import Counter

import numpy as np
import pytest

from retouch.data.categories import CATEGORIES, category
from retouch.data.lcg.labelling import Limits
from retouch.data.lcg.select import WORDS, best_category, distinct, named
from tests.data.lcg.pairs_for_tests import box_mask

SIZE = (100, 100)
IMAGE = np.zeros((*SIZE, 3), np.uint8)


class Says:
    """A scorer that knows masks by their top left pixel; the rest of the probability is shared evenly."""

    name = "says"

    def __init__(self, answers):
        self.answers = answers

    def score(self, image, mask, names):
        assert tuple(names) == WORDS
        y, x = np.argwhere(mask)[0].tolist()
        kind, probability = self.answers[x, y]
        rest = (1 - probability) / (len(names) - 1)
        return np.array([probability if name == category(kind).words else rest for name in names])


def test_repeated_masks_go_and_the_surer_stay():
    masks = [box_mask(SIZE, 0, 0, 50, 50), box_mask(SIZE, 0, 0, 50, 49), box_mask(SIZE, 60, 60, 90, 90)]
    assert distinct(masks, 0.7) == [0, 2]
    assert distinct(masks[::-1], 0.7) == [0, 1]
    assert distinct([], 0.7) == []


@pytest.mark.parametrize(("overlap", "kept"), [(0.49, [0]), (0.51, [0, 1])])
def test_overlap_is_intersection_over_union(overlap, kept):
    masks = [box_mask(SIZE, 0, 0, 60, 100), box_mask(SIZE, 20, 0, 80, 100)]  # 40 / 80
    assert distinct(masks, overlap) == kept


def test_a_mask_that_a_dropped_one_repeats_is_kept():
    chain = [box_mask(SIZE, shift, 0, shift + 50, 50) for shift in (0, 8, 16)]  # each overlaps the next only
    assert distinct(chain, 0.7) == [0, 2]


def test_limits_on_area_and_probability():
    masks = [
        *(box_mask(SIZE, 0, 0, 95, 95), box_mask(SIZE, 10, 10, 50, 50), box_mask(SIZE, 60, 60, 65, 65)),
        *(box_mask(SIZE, 60, 10, 90, 40), np.zeros(SIZE, bool)),
    ]
    scorer = Says({(10, 10): ("dog", 0.8), (60, 10): ("cat", 0.4)})
    dropped = Counter()
    found = named(IMAGE, masks, scorer, Limits(), dropped)
    assert [(each.category.name, each.score) for each in found] == [("dog", pytest.approx(0.8))]
    assert np.array_equal(found[0].mask, masks[1])
    assert +dropped == {"too large": 1, "too small": 1, "empty": 1, "unsure": 1}


def test_regions_of_one_stuff_become_one_and_things_stay_apart():
    sky = [box_mask(SIZE, 0, 0, 20, 20), box_mask(SIZE, 50, 0, 90, 20)]
    dogs = [box_mask(SIZE, 0, 50, 20, 70), box_mask(SIZE, 50, 50, 70, 70)]
    answers = {(0, 0): ("sky-other-merged", 0.6), (50, 0): ("sky-other-merged", 0.9)}
    scorer = Says(answers | {(0, 50): ("dog", 0.7), (50, 50): ("dog", 0.7)})
    dropped = Counter()
    found = named(IMAGE, [sky[0], dogs[0], sky[1], dogs[1]], scorer, Limits(), dropped)
    assert [each.category.name for each in found] == ["sky-other-merged", "dog", "dog"]
    assert np.array_equal(found[0].mask, sky[0] | sky[1])
    assert found[0].score == pytest.approx((400 * 0.6 + 800 * 0.9) / 1200)
    assert +dropped == {"united with another": 1}


def test_a_union_that_is_too_large_goes():
    halves = [box_mask(SIZE, 0, 0, 50, 90), box_mask(SIZE, 50, 0, 100, 90)]
    scorer = Says({(0, 0): ("sea", 0.9), (50, 0): ("sea", 0.9)})
    dropped = Counter()
    assert named(IMAGE, halves, scorer, Limits(), dropped) == []
    assert dropped["too large"] == 1


def test_the_best_category_is_the_likeliest_of_137():
    found, score = best_category(IMAGE, box_mask(SIZE, 3, 4, 50, 50), Says({(3, 4): ("rug-merged", 0.5)}))
    assert (found, score) == (category("rug-merged"), 0.5)
    assert len(WORDS) == len(CATEGORIES) == 137


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"area": (0.5, 0.1)}, "area: is"),
        ({"area": (-0.1, 0.5)}, "area: is"),
        ({"overlap": 1.1}, "overlap: is 1.1"),
        ({"score": -0.1}, "score: is -0.1"),
    ],
)
def test_bad_limits(options, message):
    with pytest.raises(ValueError, match=message):
        Limits(**options)
