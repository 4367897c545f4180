"""Windows: every hole pixel is covered, windows fit, and the cost follows the hole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retouch.window.plan import MIN_CONTEXT, area, blobs, crop, grown, join, overlap, plan, sides, thickness


@st.composite
def holes(draw, most=900):
    height, width = draw(st.integers(1, most)), draw(st.integers(1, most))
    hole = np.zeros((height, width), bool)
    for _ in range(draw(st.integers(1, 5))):
        y, x = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        h, w = draw(st.integers(1, height)), draw(st.integers(1, width))
        hole[y : y + h, x : x + w] = True
    return hole


@settings(max_examples=60, deadline=None)
@given(holes(), st.sampled_from([None, 64, 256, 512]))
def test_every_hole_pixel_is_in_a_core_inside_its_window_inside_the_photo(hole, native):
    covered = np.zeros_like(hole)
    for window in plan(hole, native=native):
        crop(covered, window.core)[...] = True
        x0, y0, x1, y1 = window.box
        assert 0 <= x0 <= window.core[0] < window.core[2] <= x1 <= hole.shape[1]
        assert 0 <= y0 <= window.core[1] < window.core[3] <= y1 <= hole.shape[0]
        assert native is None or max(window.size) <= native
        assert window.scale <= 1
    assert not (hole & ~covered).any()


@settings(max_examples=40, deadline=None)
@given(holes())
def test_windows_of_one_wave_do_not_overlap(hole):
    windows = plan(hole, native=128)
    for k, a in enumerate(windows):
        for b in windows[:k]:
            assert a.wave != b.wave or not overlap(a.box, b.box)


def test_no_hole_gives_no_window():
    assert plan(np.zeros((700, 800), bool), native=512) == ()


def test_small_photo_is_one_window():
    hole = np.zeros((300, 400), bool)
    hole[10:20, 10:20] = hole[280:290, 380:390] = True
    (window,) = plan(hole, native=512)
    assert window.box == (0, 0, 400, 300)
    assert window.size == (400, 300)


def test_cost_follows_the_hole_and_not_the_photo():
    hole = np.zeros((4000, 6000), bool)
    hole[2000:2200, 3000:3300] = True
    (window,) = plan(hole, native=512)
    assert window.scale == 1
    assert area(window.box) < 4 * 200 * 300


def test_far_holes_get_windows_of_their_own_and_near_ones_share():
    hole = np.zeros((3000, 3000), bool)
    hole[100:150, 100:150] = hole[100:150, 220:270] = True
    hole[2800:2850, 2800:2850] = True
    assert len(plan(hole, native=512)) == 2


def test_large_thick_hole_is_scaled_down_as_a_whole():
    hole = np.zeros((3000, 3000), bool)
    hole[500:2500, 500:2500] = True
    (window,) = plan(hole, native=512)
    assert max(window.size) == 512
    assert window.scale < 0.2


def test_long_thin_hole_is_tiled_at_full_resolution():
    hole = np.zeros((3000, 4000), bool)
    for x in range(4000):
        hole[x * 3 // 4 : x * 3 // 4 + 5, x] = True  # a cable across the photo
    windows = plan(hole, native=512)
    assert all(window.scale == 1 for window in windows)
    assert sum(area(window.box) for window in windows) < hole.size


def test_window_grows_until_a_third_is_known():
    hole = np.zeros((1000, 1000), bool)
    hole[450:550, 450:550] = True
    avoid = np.zeros_like(hole)
    avoid[200:800, 200:800] = True
    (window,) = plan(hole, native=2000, unknown=avoid)
    assert crop(hole | avoid, window.box).mean() <= 2 / 3
    assert plan(hole, native=2000)[0] != window


def test_plan_refuses_a_native_size_below_one():
    with pytest.raises(ValueError, match="native"):
        plan(np.ones((5, 5), bool), native=0)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 699), st.integers(0, 699))
def test_context_is_at_least_the_minimum_or_all_there_is(w, h, x, y):
    photo = (0, 0, 1000, 1000)
    core = (x, y, x + w, y + h)
    box = grown(core, photo)
    assert sides(box)[0] >= min(w + 2 * MIN_CONTEXT, 1000)
    assert area(core) <= area(box) / 3 + 1 or box == photo
    assert box[0] >= 0
    assert box[2] <= 1000


def test_blobs_are_tight_boxes_of_connected_parts():
    hole = np.zeros((500, 600), bool)
    hole[3:9, 5:17] = True
    hole[400:402, 300:420] = True
    assert sorted(blobs(hole)) == [(5, 3, 17, 9), (300, 400, 420, 402)]


def test_join_keeps_boxes_apart_whose_joint_window_would_be_mostly_waste():
    photo = (0, 0, 4000, 4000)
    across, down = (0, 0, 4000, 20), (0, 0, 20, 4000)
    assert len(join([across, down], photo)) == 2


@given(holes(most=60))
def test_thickness_is_the_side_of_the_largest_square(hole):
    best = 0
    height, width = hole.shape
    for y in range(height):
        for x in range(width):
            side = best + 1
            while y + side <= height and x + side <= width and hole[y : y + side, x : x + side].all():
                best = side
                side += 1
    assert thickness(hole) == best
