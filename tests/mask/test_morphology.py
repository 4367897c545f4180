from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from retouch.mask import bounding_box, dilate, erode

holes = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=24))
sparse = arrays(np.bool_, st.tuples(st.integers(1, 40), st.integers(1, 40)), fill=st.just(False))
radii = st.integers(0, 30)


def disc_dilated(hole, radius):
    """By definition: a pixel is hole when any hole pixel lies within the radius."""
    ys, xs = np.nonzero(hole)
    y, x = np.indices(hole.shape)
    out = np.zeros_like(hole)
    for hole_y, hole_x in zip(ys, xs, strict=True):
        out |= (y - hole_y) ** 2 + (x - hole_x) ** 2 <= radius**2
    return out


@given(holes | sparse, radii)
def test_dilate_is_its_definition(hole, radius):
    assert np.array_equal(dilate(hole, radius), disc_dilated(hole, radius))


@given(holes | sparse, radii)
def test_erode_is_the_dilation_of_what_is_known(hole, radius):
    assert np.array_equal(erode(hole, radius), ~disc_dilated(~hole, radius))


@pytest.mark.parametrize("radius", [1, 3, 12, 70])
@pytest.mark.parametrize("shape", [(300, 530), (530, 300), (1, 600), (600, 1)])
def test_dilate_over_the_borders_of_tiles(shape, radius):
    hole = np.random.default_rng(radius).random(shape) < 0.0005
    hole[0, 0] = hole[-1, -1] = hole[min(255, shape[0] - 1), min(256, shape[1] - 1)] = True
    assert np.array_equal(dilate(hole, radius), disc_dilated(hole, radius))


def test_dilate_radius_larger_than_photo_covers_it():
    hole = np.zeros((5, 900), bool)
    hole[2, 3] = True
    assert dilate(hole, 100_000).all()


def test_dilate_and_erode_leave_their_argument_and_return_new_arrays():
    hole = np.eye(5, dtype=bool)
    for change in (dilate, erode):
        for radius in (0, 1):
            out = change(hole, radius)
            out[:] = True
            assert np.array_equal(hole, np.eye(5, dtype=bool))


def test_dilate_takes_read_only_and_strided_arrays():
    hole = np.zeros((20, 30), bool)
    hole[7, 9] = True
    strided = np.repeat(np.repeat(hole, 2, 0), 2, 1)[::2, ::2].T
    strided.flags.writeable = False
    assert np.array_equal(dilate(strided, 3), disc_dilated(hole, 3).T)


def test_a_hole_at_the_border_does_not_shrink_away_from_it():
    hole = np.zeros((6, 6), bool)
    hole[:, :3] = True
    assert np.array_equal(np.nonzero(erode(hole, 1).all(axis=0))[0], [0, 1])
    assert erode(np.ones((4, 4), bool), 9).all()


@pytest.mark.parametrize("radius", [-1, 1.5, "2", None, True])
@pytest.mark.parametrize("change", [dilate, erode])
def test_radius_that_is_no_length_is_refused(change, radius):
    with pytest.raises(ValueError, match=r"radius: is .*accepted: an integer >= 0"):
        change(np.ones((2, 2), bool), radius)


@given(holes | sparse)
def test_bounding_box_is_tight(hole):
    box = bounding_box(hole)
    if box is None:
        assert not hole.any()
        return
    x0, y0, x1, y1 = box
    inside = hole[y0:y1, x0:x1]
    assert inside.sum() == hole.sum()
    assert inside[0].any()
    assert inside[-1].any()
    assert inside[:, 0].any()
    assert inside[:, -1].any()
