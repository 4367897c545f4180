"""COCO's run-length code, against examples worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from retouch.holes import compress, decode_rle, decompress, encode_rle

# Down the columns: two known, three hole, one known.
HAND = np.array([[0, 1, 1], [0, 1, 0]], bool)


def test_counts_run_down_the_columns():
    assert encode_rle(HAND) == [2, 3, 1]
    assert np.array_equal(decode_rle([2, 3, 1], (2, 3)), HAND)


def test_a_hole_at_the_start_begins_with_zero():
    assert encode_rle(~HAND) == [0, 2, 3, 1]
    assert np.array_equal(decode_rle([0, 2, 3, 1], (2, 3)), ~HAND)


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ([2, 3, 1], "231"),  # below 16: one letter each, 48 + number
        ([15], "?"),
        ([16], "`0"),  # in five bits 16 would be negative: 48 + 32 (more to come) + 16, then 0
        ([31], "o0"),
        ([32], "P1"),
        ([5, 6, 7, 6], "5670"),  # from the fourth on the difference to the run two before
        ([5, 6, 7, 2], "567L"),  # -4 in five bits is 28: 48 + 28
        ([5, 40, 7, 6], "5X17nN"),  # -34 is 30 with more to come, then -2
    ],
)
def test_text_form_worked_out_by_hand(counts, text):
    assert compress(counts) == text
    assert decompress(text) == counts
    assert decompress(text.encode()) == counts


def test_text_decodes_to_the_mask():
    assert np.array_equal(decode_rle("231", (2, 3)), HAND)
    assert np.array_equal(decode_rle(b"231", (2, 3)), HAND)


@given(nps.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_round_trip_of_masks(hole):
    counts = encode_rle(hole)
    assert np.array_equal(decode_rle(counts, hole.shape), hole)
    assert np.array_equal(decode_rle(compress(counts), hole.shape), hole)


@given(st.lists(st.integers(0, 10**7), max_size=20))
def test_round_trip_of_numbers(counts):
    assert decompress(compress(counts)) == counts


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([2, 3], "cover 5 pixels; 2x3 .* has 6"),
        ([2, -3, 7], "run lengths from 0 up"),
        ([2.5, 3.5], "run lengths from 0 up"),
        (None, "run lengths from 0 up"),
        ({"a": 1}, "run lengths from 0 up"),
        ("2 31", "letter ' ' at place 1"),
        ("23é", "letter 'é' at place 2"),
        ("23P", "ends within a number"),
        ("O", "run 0 is -1"),
    ],
)
def test_damaged_codes(counts, message):
    with pytest.raises(ValueError, match=message):
        decode_rle(counts, (2, 3))


def test_only_bool_masks_are_encoded():
    with pytest.raises(ValueError, match=r"hole: is uint8 \(2, 2\); accepted: a bool array"):
        encode_rle(np.ones((2, 2), np.uint8))
