"""The papers' generators, rule by rule."""

import cv2
import numpy as np
import pytest

from retouch.holes import deepfill, gaussian2d, lama, lama_test_crop, share, simple
from retouch.holes.comodgan import Counts, comodgan


def rng(seed=0):
    return np.random.default_rng(seed)


def box_of(hole):
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    return rows[0], rows[-1] + 1, columns[0], columns[-1] + 1


@pytest.mark.parametrize("hole_range", [(0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.0)])
def test_comodgan_keeps_its_hole_range(hole_range):
    source = rng()
    shares = [share(comodgan((256, 256), source, Counts(10, 5, 20, hole_range))) for _ in range(15)]
    assert all(hole_range[0] < part < hole_range[1] for part in shares)


def test_comodgan_small_counts_with_a_low_range():
    # int(2 * .2) is 0, on which the official code fails.
    source = rng()
    shares = [share(comodgan((512, 512), source, Counts(2, 2, 30, (0.0, 0.2)))) for _ in range(5)]
    assert 0 < min(shares) <= max(shares) < 0.2


def test_comodgan_without_anything_to_draw():
    with pytest.raises(ValueError, match="the CoModGAN generator gave no hole with a share from 0 to "):
        comodgan((64, 64), rng(), Counts(1, 1, 1))


def test_comodgan_never_changes_what_was_drawn_for_another_size():
    wide = comodgan((100, 300), rng(), Counts(10, 5, 20))
    assert wide.shape == (100, 300)


def test_lama_counts_go_to_one_more_than_configured():
    dot = lama.Mix(lama.Strokes(times=(1, 2), width=1, length=1))
    source = rng()
    parts = []
    for _ in range(300):
        hole = lama.lama((2000, 2000), source, dot)
        parts.append(cv2.connectedComponents(hole.astype(np.uint8))[0] - 1)
    assert set(parts) == {1, 2, 3}


def test_lama_boxes_keep_margin_and_sides():
    boxes = lama.Boxes(weight=1e9, margin=10, sides=(30, 60), times=(1, 1))
    source = rng()
    sides = []
    for _ in range(400):
        top, bottom, left, right = box_of(lama.lama((128, 150), source, lama.Mix(lama.THIN_256.strokes, boxes)))
        assert top >= 10
        assert left >= 10
        assert bottom <= 118
        assert right <= 140
        sides += [bottom - top, right - left]
    assert (min(sides), max(sides)) == (30, 60)


def test_lama_kinds_come_by_weight():
    source = rng()
    mix = lama.Mix(lama.Strokes((1, 1), 5, 300), lama.Boxes(0.3, 0, (40, 40), (1, 1)))
    boxes = sum(np.count_nonzero(lama.lama((256, 256), source, mix)) == 1600 for _ in range(2000))
    assert boxes / 2000 == pytest.approx(0.3 / 1.3, abs=0.03)


@pytest.mark.parametrize(("size", "mix"), [((256, 340), lama.THICK_256), ((340, 256), lama.MEDIUM_256)])
def test_lama_test_crop_is_at_most_half_hole_and_inside(size, mix):
    source = rng()
    found = [lama_test_crop(size, source, mix) for _ in range(60)]
    kept = [crop for crop in found if crop is not None]
    assert kept
    for crop in kept:
        assert crop.hole.shape == (256, 256)
        assert 0 < share(crop.hole) <= 0.5
        assert 0 <= crop.y <= size[0] - 256
        assert 0 <= crop.x <= size[1] - 256
    along = [crop.y + crop.x for crop in kept]
    assert len(set(along)) > 5


def test_lama_test_crop_gives_up_on_an_image(monkeypatch):
    monkeypatch.setattr(lama, "TRIES", 3)
    everything = lama.Mix(lama.Strokes((40, 40), 200, 200))
    assert lama_test_crop((256, 256), rng(), everything) is None
    with pytest.raises(ValueError, match="no crop of a LaMa mask is at most half hole"):
        lama.lama_test((64, 64), rng(), everything)


def test_deepfill_box_is_half_the_side_less_a_little():
    source = rng()
    sides = set()
    for _ in range(300):
        top, bottom, left, right = box_of(deepfill.deepfill((256, 256), source, deepfill.FreeForm(strokes=None)))
        sides |= {bottom - top, right - left}
    assert (min(sides), max(sides)) == (96, 128)


def test_deepfill_union_holds_box_and_brush():
    both = deepfill.deepfill((256, 256), rng(4), deepfill.FreeForm())
    box = deepfill.deepfill((256, 256), rng(4), deepfill.FreeForm(strokes=None))
    assert (both | ~box).all()
    assert share(both) > share(box)


def test_2dgs_lines_do_not_know_small_from_large():
    small, large = (gaussian2d.lines((256, 256), rng(1), gaussian2d.Nominal(r)) for r in ((0.2, 0.4), (0.4, 0.6)))
    assert np.array_equal(small, large)


def test_2dgs_free_form_does():
    source = rng(1)
    means = [
        np.mean([share(gaussian2d.free_form((256, 256), source, gaussian2d.Nominal(r))) for _ in range(40)])
        for r in ((0.2, 0.4), (0.4, 0.6))
    ]
    assert means[1] > means[0] + 0.1


def test_2dgs_centre_is_centred_and_at_least_the_low_end():
    source = rng()
    for _ in range(30):
        hole = gaussian2d.centre((256, 256), source, gaussian2d.Nominal((0.2, 0.5)))
        top, bottom, left, right = box_of(hole)
        assert (top, bottom) == (left, right)
        assert abs(top - (256 - bottom)) <= 1
        assert 0.197 < share(hole) <= 0.3


def test_boxes_stay_inside_and_within_their_sides():
    source = rng()
    for _ in range(100):
        top, bottom, left, right = box_of(simple.boxes((100, 200), source, simple.Rectangles((1, 1), (0.2, 0.5))))
        assert 20 <= bottom - top <= 50
        assert 40 <= right - left <= 100


@pytest.mark.parametrize(
    ("area", "outside", "expected"), [(0.25, False, 0.25), (0.25, True, 0.75), (0.36, False, 0.36)]
)
def test_centred_share(area, outside, expected):
    hole = simple.centred((100, 100), rng(), simple.Centred(area, outside))
    assert share(hole) == pytest.approx(expected)
    assert hole[50, 50] != outside


def test_borders_always_touch_an_edge_and_leave_the_middle():
    source = rng()
    for _ in range(100):
        hole = simple.borders((80, 120), source, simple.Borders())
        edges = [hole[0].all(), hole[-1].all(), hole[:, 0].all(), hole[:, -1].all()]
        assert any(edges)
        assert not hole[20:60, 30:90].any()


def test_borders_without_chance_still_have_one():
    hole = simple.borders((80, 120), rng(), simple.Borders(chance=0.0))
    assert sum([hole[0].all(), hole[-1].all(), hole[:, 0].all(), hole[:, -1].all()]) == 1
