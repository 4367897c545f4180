"""Scaling: the hole never bleeds into what a method sees."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retouch.window.resample import enlarge, shrink, touched


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.data())
def test_shrink_averages_known_pixels_only(height, width, data):
    low_h, low_w = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    image = rng.random((height, width, 3)).astype(np.float32)
    hole = rng.random((height, width)) < 0.2
    low, low_hole = shrink(image, hole, (low_w, low_h))
    other = np.where(hole[..., None], rng.random(image.shape).astype(np.float32), image)
    again, again_hole = shrink(other, hole, (low_w, low_h))
    assert np.array_equal(low, again)
    assert np.array_equal(low_hole, again_hole)
    assert low.shape == (low_h, low_w, 3)
    assert low.min() >= 0
    assert low.max() <= 1


def test_shrink_marks_every_area_that_a_hole_touches():
    hole = np.zeros((1000, 900), bool)
    hole[501, 333] = True
    _, low_hole = shrink(np.ones((1000, 900, 3), np.float32), hole, (9, 10))
    assert np.argwhere(low_hole).tolist() == [[5, 3]]


def test_shrink_of_a_constant_image_is_constant_beside_any_hole():
    hole = np.zeros((64, 64), bool)
    hole[10:30, 11:37] = True
    low, low_hole = shrink(np.where(hole[..., None], 0, np.float32(0.6)).repeat(3, 2), hole, (13, 13))
    assert low[~low_hole] == pytest.approx(0.6, abs=1e-5)


def test_enlarge_keeps_constants_and_shape():
    assert enlarge(np.full((3, 4, 3), 0.25, np.float32), (17, 11)) == pytest.approx(np.full((11, 17, 3), 0.25))
    assert enlarge(np.zeros((3, 4), np.float32), (17, 11)).shape == (11, 17)


def test_shrink_keeps_what_is_known_when_a_hole_touches_every_area():
    hole = np.ones((90, 90), bool)
    hole[:, 44] = False
    low, low_hole = shrink(np.where(hole[..., None], 0, np.float32(0.4)).repeat(3, 2), hole, (9, 9))
    assert (~low_hole).sum(axis=1).tolist() == [1] * 9
    assert low[~low_hole] == pytest.approx(0.4, abs=1e-5)


def test_shrink_calls_hole_only_what_is_known_nowhere():
    image = np.broadcast_to(np.linspace(0, 1, 24, dtype=np.float32)[None, :, None], (24, 24, 3))
    hole = np.zeros((24, 24), bool)
    hole[3:13, 3:13] = True
    low, low_hole = shrink(np.where(hole[..., None], np.float32(9), image), hole, (6, 6))
    assert np.argwhere(low_hole).tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]  # pixels 4 to 11
    # Pixels 0, 1, 2 of the four that the first area of row 1 has: the mean is theirs.
    assert low[1, 0] == pytest.approx(image[0, :3].mean(0), abs=1e-6)
    assert touched(hole, (6, 6)).sum() == 16


def test_a_hole_thinner_than_every_area_is_still_one():
    hole = np.zeros((24, 24), bool)
    hole[:, 10] = True
    _, low_hole = shrink(np.ones((24, 24, 3), np.float32), hole, (6, 6))
    assert low_hole.any(axis=0).tolist() == [False, False, True, False, False, False]
    assert np.array_equal(low_hole, touched(hole, (6, 6)))


def test_touched_keeps_what_is_known_when_a_hole_touches_every_area():
    hole = np.ones((90, 90), bool)
    hole[:, 44] = False
    assert (~touched(hole, (9, 9))).sum(axis=1).tolist() == [1] * 9
