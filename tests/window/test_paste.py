"""Pasting: exact weights, exact inside, nothing outside the ring."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from retouch.window.paste import blend, colour_offset, distance_squared, weights


@settings(max_examples=60, deadline=None)
@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=14)), st.integers(0, 6))
def test_distance_equals_its_definition_up_to_the_limit(hole, limit):
    got = distance_squared(hole, limit)
    points = np.argwhere(hole)
    for y, x in np.ndindex(hole.shape):
        true = min((int((py - y) ** 2 + (px - x) ** 2) for py, px in points), default=10**9)
        assert got[y, x] == true if true <= limit * limit else got[y, x] > limit * limit


@given(st.integers(0, 12), st.data())
def test_weights_are_one_in_the_hole_and_zero_beyond_the_ring(dilate, data):
    feather = data.draw(st.integers(0, dilate))
    hole = np.zeros((40, 40), bool)
    hole[15:25, 18:21] = True
    weight = weights(hole, dilate, feather)
    distance = np.sqrt(distance_squared(hole, dilate))
    assert (weight[hole] == 1).all()
    assert (weight[distance > dilate] == 0).all()
    assert (weight[distance <= dilate] > 0).all()
    assert (weight[distance <= dilate - feather] == 1).all()


def test_without_dilation_and_feather_only_the_hole_has_weight():
    hole = np.random.default_rng(0).random((30, 30)) < 0.3
    assert np.array_equal(weights(hole, 0, 0), hole.astype(np.float32))


def test_colour_offset_finds_a_cast_and_ignores_content():
    rng = np.random.default_rng(1)
    fill = rng.random((20, 20, 3)).astype(np.float32)
    ring = np.zeros((20, 20), bool)
    ring[5:15, 5:8] = True
    cast = np.array([0.02, -0.01, 0.03], np.float32)
    assert colour_offset(fill + cast, fill, ring) == pytest.approx(cast, abs=1e-6)
    assert (colour_offset(fill + 0.4, fill, ring) == 0).all()
    assert (colour_offset(fill + cast, fill, np.zeros_like(ring)) == 0).all()


def test_blend_is_exactly_the_fill_where_the_weight_is_one():
    rng = np.random.default_rng(2)
    photo, fill = rng.random((2, 50, 50, 3)).astype(np.float32)
    mixed = blend(photo, fill, np.ones((50, 50), np.float32))
    assert np.array_equal(mixed, fill)
    assert np.array_equal(blend(photo, fill, np.zeros((50, 50), np.float32)), photo)
