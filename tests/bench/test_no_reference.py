"""Seam colour offset, texture ratio, hole-area buckets, CLIP similarity."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.bench.metrics import (
    by_hole_area,
    ciede2000,
    clip_similarity,
    only_hole,
    seam_colour_offset,
    srgb_to_lab,
    texture_ratio,
)
from tests.bench.samples import box, features, image


def test_seam_of_flat_colours_is_their_difference():
    inside, outside = np.array([120, 90, 60], np.uint8), np.array([110, 95, 80], np.uint8)
    mask = box()
    flat = np.where(mask[..., None], inside, outside)
    expected = ciede2000(srgb_to_lab(inside), srgb_to_lab(outside))
    assert seam_colour_offset(flat, mask) == pytest.approx(float(expected), rel=1e-12)


def test_seam_grows_with_the_offset_and_is_zero_without():
    mask, photo = box(), np.full((40, 50, 3), 100, np.uint8)
    offsets = [seam_colour_offset(np.where(mask[..., None], photo + np.uint8(k), photo), mask) for k in (0, 5, 20)]
    assert offsets[0] == 0
    assert 0 < offsets[1] < offsets[2]


def test_seam_sees_the_neighbours_of_the_edge_only():
    mask, photo = box(), image()
    far = np.zeros_like(mask)
    far[14:26, 17:33] = True  # two pixels inside the hole
    far[:10] = True
    assert seam_colour_offset(photo, mask) == seam_colour_offset(np.where(far[..., None], np.uint8(0), photo), mask)
    assert seam_colour_offset(photo, mask) == pytest.approx(seam_colour_offset(photo, ~mask), rel=1e-12)


def test_seam_of_an_image_that_is_all_hole_is_none():
    assert math.isnan(seam_colour_offset(image(), box() | True))


def test_texture_of_even_noise_is_one():
    mask = np.zeros((300, 300), bool)
    mask[60:240, 60:240] = True
    noise = image(300, 300)
    assert texture_ratio(noise, mask) == pytest.approx(1, abs=0.05)
    half = np.where(mask[..., None], noise // 2, noise)
    assert texture_ratio(half, mask) == pytest.approx(0.5, abs=0.03)


def test_texture_of_a_flat_fill_is_zero():
    mask = box()
    assert texture_ratio(np.where(mask[..., None], np.uint8(90), image()), mask) == 0


def test_texture_does_not_see_the_seam_nor_what_lies_beyond_the_ring():
    mask = box(80, 90)
    mask[30:45, 40:60] = True
    photo = image(80, 90)
    step = np.where(mask[..., None], photo // 2, photo // 2 + np.uint8(100))
    assert texture_ratio(step, mask, ring=4) == pytest.approx(texture_ratio(photo // 2, mask, ring=4), rel=1e-9)
    beyond = photo.copy()
    beyond[60:] = 0
    assert texture_ratio(beyond, mask, ring=4) == texture_ratio(photo, mask, ring=4)


def test_texture_where_there_is_nothing_to_compare():
    mask = box()
    flat = np.full((40, 50, 3), 90, np.uint8)
    assert math.isnan(texture_ratio(flat, mask))
    assert texture_ratio(np.where(mask[..., None], image(), flat), mask) == math.inf
    assert math.isnan(texture_ratio(image(), mask | True))
    line = np.zeros_like(mask)
    line[20] = True
    assert math.isnan(texture_ratio(image(), line))


@pytest.mark.parametrize("metric", [seam_colour_offset, texture_ratio])
def test_bad_images_and_masks_are_refused(metric):
    with pytest.raises(ValueError, match="image: is float64"):
        metric(image() / 255, box())
    with pytest.raises(ValueError, match="mask: is int64"):
        metric(image(), box().astype(int))
    with pytest.raises(ValueError, match="mask: is bool"):
        metric(image(), box()[1:])
    with pytest.raises(ValueError, match="no hole"):
        metric(image(), box() & False)
    with pytest.raises(ValueError, match="ring: is 0"):
        texture_ratio(image(), box(), ring=0)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(0, 1)), max_size=30))
def test_every_image_is_in_the_bucket_of_its_hole(items):
    values, shares = [v for v, _ in items], [s for _, s in items]
    buckets = by_hole_area(values, shares)
    assert sorted(k for b in buckets for k in b.members) == list(range(len(items)))
    for bucket in buckets:
        assert bucket.count == len(bucket.members)
        assert all(bucket.low - 1e-6 <= shares[k] <= bucket.high for k in bucket.members)
        if bucket.members:
            assert bucket.mean == pytest.approx(np.mean([values[k] for k in bucket.members]), abs=1e-9)
        else:
            assert math.isnan(bucket.mean)


def test_limits_of_buckets():
    buckets = by_hole_area([1, 2, 3, 4], [0.0, 0.1, 0.3, 1.0])
    assert [k for k, b in enumerate(buckets) if b.members] == [0, 1, 3, 9]
    assert (buckets[3].low, buckets[3].high) == (0.3, 0.4)


def test_bad_buckets_are_refused():
    with pytest.raises(ValueError, match="shares: has 1 items; accepted: 2"):
        by_hole_area([1, 2], [0.1])
    with pytest.raises(ValueError, match=r"shares: item 0 is 1\.5"):
        by_hole_area([1], [1.5])
    with pytest.raises(ValueError, match="shares: item 0 is nan"):
        by_hole_area([1], [math.nan])
    with pytest.raises(ValueError, match="buckets: is 0"):
        by_hole_area([1], [0.5], buckets=0)


def test_clip_similarity_is_the_mean_cosine():
    x = np.array([[3.0, 4.0], [1.0, 0.0]])
    assert clip_similarity(x, 7 * x) == pytest.approx(1)
    assert clip_similarity(x, -x) == pytest.approx(-1)
    assert clip_similarity(x, np.array([[4.0, -3.0], [1.0, 0.0]])) == pytest.approx(0.5)


def test_bad_embeddings_are_refused():
    x = features(5)
    for fake, message in (
        (x[:4], "fake: has 4 rows; accepted: 5"),
        (features(5, 9), "columns"),
        (x * np.nan, "fake: row 0"),
        (x * [[1], [0], [1], [1], [1]], "row 1 is all zeros"),
        (x[:0], "at least 1"),
    ):
        with pytest.raises(ValueError, match=message):
            clip_similarity(x, fake)


def test_only_the_hole_is_left():
    photo, mask = image(), box()
    left = only_hole(photo, mask)
    assert (left[mask] == photo[mask]).all()
    assert (left[~mask] == 0).all()
    with pytest.raises(ValueError, match="mask: is "):
        only_hole(photo, mask[1:])
