"""The canvas draws what OpenCV draws, within a pixel along the edge."""

import cv2
import numpy as np
import pytest

from retouch.holes.brush import Brush, brush_hole
from retouch.holes.morphology import dilate_box
from retouch.holes.raster import Canvas


@pytest.mark.parametrize("thickness", [4, 5, 10, 19, 50, 105])
def test_line_covers_what_opencv_covers(thickness):
    rng = np.random.default_rng(thickness)
    # OpenCV's round ends are polygons: thick ones are up to two pixels off the circle.
    pixel = np.ones((3, 3) if thickness < 50 else (5, 5), np.uint8)
    ours_area = their_area = 0
    for _ in range(40):
        start, stop = rng.integers(0, 256, (2, 2)).tolist()
        theirs = np.zeros((256, 256), np.uint8)
        cv2.line(theirs, start, stop, 1, thickness)
        canvas = Canvas((256, 256))
        canvas.line([tuple(start), tuple(stop)], thickness)
        ours = canvas.hole()
        assert not (ours & (cv2.dilate(theirs, pixel) == 0)).any()
        assert not (~ours & (cv2.erode(theirs, pixel, borderValue=1) == 1)).any()
        ours_area, their_area = ours_area + np.count_nonzero(ours), their_area + np.count_nonzero(theirs)
    assert ours_area / their_area == pytest.approx(1, abs=0.04)


@pytest.mark.parametrize("radius", [4, 9, 20])
def test_disc_covers_what_opencv_covers(radius):
    theirs = np.zeros((64, 64), np.uint8)
    cv2.circle(theirs, (30, 20), radius, 1, -1)
    canvas = Canvas((64, 64))
    canvas.disc(30, 20, radius)
    assert np.count_nonzero(canvas.hole() != theirs.astype(bool)) <= 4 * radius
    assert canvas.hole().any(axis=0).sum() == 2 * radius + 1


def test_what_sticks_out_is_cut_off():
    canvas = Canvas((10, 20))
    canvas.stroke([(-50, 5), (70, 5)], 3)
    assert canvas.hole().shape == (10, 20)
    assert np.array_equal(np.flatnonzero(canvas.hole().any(axis=1)), [4, 5, 6])


def test_canvas_starts_as_a_hole_and_leaves_it_alone():
    hole = np.zeros((10, 20), bool)
    hole[2, 3] = True
    canvas = Canvas((10, 20), hole)
    canvas.disc(15, 5, 1)
    assert canvas.hole()[2, 3]
    assert canvas.share() == pytest.approx(canvas.hole().mean())
    assert hole.sum() == 1


def test_no_strokes_leave_the_hole_as_it_is():
    hole = np.eye(64, dtype=bool)
    drawn = brush_hole(hole, 0, Brush((4, 18), (12, 48)), np.random.default_rng(0))
    assert np.array_equal(drawn, hole)


@pytest.mark.parametrize(("side", "times"), [(3, 1), (5, 2), (7, 1)])
def test_box_dilation_is_opencvs(side, times):
    hole = np.random.default_rng(0).random((40, 50)) < 0.01
    theirs = cv2.dilate(hole.astype(np.uint8), np.ones((side, side), np.uint8), iterations=times).astype(bool)
    assert np.array_equal(dilate_box(hole, side, times), theirs)
