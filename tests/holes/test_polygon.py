"""Pixels inside polygons."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.holes import polygon_hole


def test_a_box_covers_its_pixels():
    hole = polygon_hole([1, 1, 4, 1, 4, 3, 1, 3], (5, 6))
    expected = np.zeros((5, 6), bool)
    expected[1:3, 1:4] = True
    assert np.array_equal(hole, expected)


def test_only_centres_count():
    assert not polygon_hole([0.6, 0.6, 1.4, 0.6, 1.4, 1.4, 0.6, 1.4], (3, 3)).any()
    assert polygon_hole([0.4, 0.4, 0.6, 0.4, 0.6, 0.6, 0.4, 0.6], (3, 3)).sum() == 1


def test_a_triangle_by_hand():
    hole = polygon_hole([(0, 0), (4, 0), (0, 4)], (4, 4))
    assert hole.astype(int).tolist() == [[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_parts_outside_are_cut_off():
    assert polygon_hole([-50, -50, 90, -50, 90, 90, -50, 90], (3, 4)).all()
    assert not polygon_hole([10, 10, 20, 10, 20, 20], (5, 5)).any()


def test_a_ring_that_crosses_itself_is_even_odd():
    bow = polygon_hole([0, 0, 8, 8, 8, 0, 0, 8], (8, 8))
    assert bow[4, 1]
    assert bow[4, 6]
    assert not bow[0, 4]


@given(st.lists(st.tuples(st.floats(2, 38), st.floats(2, 38)), min_size=3, max_size=3))
def test_triangles_agree_with_opencv_away_from_the_outline(points):
    ours = polygon_hole(points, (40, 40))
    theirs = np.zeros((40, 40), np.uint8)
    corners = np.rint((np.array(points) - 0.5) * 256).astype(np.int32)  # OpenCV has pixel centres at whole numbers
    cv2.fillPoly(theirs, [corners], 1, shift=8)
    edge = np.zeros((40, 40), np.uint8)
    cv2.polylines(edge, [corners], True, 1, 3, shift=8)
    assert np.array_equal(ours[edge == 0], theirs[edge == 0].astype(bool))


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([1, 1, 2, 2], "at least three points"),
        ([1, 1, 2, 2, 3], "at least three points"),
        ([1, 1, 2, 2, 3, 3, 4], "at least three points"),
        (["a"] * 6, "at least three points"),
        (None, "at least three points"),
        ([1, 1, 2, 2, 3, float("nan")], "not a number"),
        ([1, 1, 2, 2, 3, 1e9], "beyond 1e\\+06"),
    ],
)
def test_bad_polygons(points, message):
    with pytest.raises(ValueError, match=message):
        polygon_hole(points, (5, 5))
