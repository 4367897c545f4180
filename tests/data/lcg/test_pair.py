"""A pair and its line of JSON."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.data.categories import CATEGORIES, category
from retouch.data.lcg.pair import area_share, from_line, new_pair, to_line
from retouch.holes import decode_rle
from tests.data.lcg.pairs_for_tests import box_mask


def line(**changes):
    """A line with some entries changed; None takes an entry out."""
    row = json.loads(to_line(new_pair("a/b.jpg", box_mask((20, 30), 2, 3, 9, 8), category("dog"), "test", 0.75)))
    return json.dumps({key: value for key, value in (row | changes).items() if value is not None})


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1), st.sampled_from(CATEGORIES))
def test_a_line_gives_the_pair_back(height, width, seed, kind):
    mask = np.random.default_rng(seed).random((height, width)) < 0.3
    pair = new_pair("folder/é photo.jpg", mask, kind, "sam + clip", 0.61234)
    back = from_line(to_line(pair), "here")
    assert back == pair
    assert np.array_equal(back.mask(), mask)
    assert back.score == 0.6123
    assert area_share(back.counts, back.size) == pytest.approx(mask.mean())


def test_a_line_is_what_cocos_tools_read():
    row = json.loads(line())
    assert list(row) == ["image", "size", "mask", "category", "class", "source", "score"]
    assert (row["image"], row["category"], row["class"], row["source"], row["score"]) == (
        *("a/b.jpg", "dog", "foreground", "test"),
        0.75,
    )
    assert row["size"] == row["mask"]["size"] == [20, 30]
    assert np.array_equal(decode_rle(row["mask"]["counts"], (20, 30)), box_mask((20, 30), 2, 3, 9, 8))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "here: "),
        ("[]", "here: is no pair"),
        (line(image=None), "here: is no pair of photo and mask .*'image'"),
        (line(image=""), "'image' is no text"),
        (line(image="../secret.jpg"), "outside the folder of photos"),
        (line(image="/etc/passwd"), "outside the folder of photos"),
        (line(size=[0, 30]), "size: is"),
        (line(size=[20, 31]), r"the mask is of size \[20, 30\]; the photo has \[20, 31\]"),
        (line(mask=None), "'mask'"),
        (line(mask={"size": [20, 30]}), "'counts'"),
        (line(mask={"size": [20, 30], "counts": [600]}), "'counts' is no text"),
        (line(category="unicorn"), "category 'unicorn' is unknown"),
        (line(**{"class": "background"}), "class is 'background'; 'dog' is foreground"),
        (line(score=1.5), "'score' is no number"),
        (line(score=float("nan")), "'score' is no number"),
    ],
)
def test_bad_lines_are_named(text, message):
    with pytest.raises(ValueError, match=message):
        from_line(text, "here")


@pytest.mark.parametrize("counts", ["~", "0", "X" * 5])
def test_a_damaged_code_is_an_error_where_the_mask_is_needed(counts):
    pair = from_line(line(mask={"size": [20, 30], "counts": counts}), "here")
    with pytest.raises(ValueError, match="counts"):
        pair.mask()
