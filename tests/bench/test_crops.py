"""How photos are brought to a protocol's size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from retouch.bench.protocols import CROPS, crop


def ramp(width, height):
    """RGB image whose red is the column and green the row."""
    y, x = np.mgrid[0:height, 0:width]
    return Image.fromarray(np.stack([x, y, x * 0], axis=-1).astype(np.uint8))


def run(name, image, side, seed=0):
    return np.asarray(crop(name)(image, side, np.random.default_rng(seed)))


@given(st.sampled_from([name for name in CROPS if name != "as-it-is"]), *[st.integers(1, 90)] * 2, st.integers(1, 64))
def test_every_crop_gives_the_side_asked_for(name, width, height, side):
    result = run(name, ramp(width, height), side)
    assert result.shape == (side, side, 3)
    assert result.dtype == np.uint8


@given(st.sampled_from(list(CROPS)), st.integers(1, 64))
def test_a_photo_of_that_size_is_left_alone(name, side):
    image = ramp(side, side)
    assert np.array_equal(run(name, image, side), np.asarray(image))


def test_as_it_is_refuses_another_size():
    with pytest.raises(ValueError, match="photo: is 20x10 pixels; accepted: 16x16"):
        run("as-it-is", ramp(20, 10), 16)


def test_centre_crop_takes_the_centre():
    result = run("centre-crop-reflect", ramp(60, 41), 20)
    assert result[0, 0].tolist() == [20, 10, 0]
    assert result[-1, -1].tolist() == [39, 29, 0]


def test_a_small_photo_is_mirrored_at_its_right_and_lower_edge():
    result = run("centre-crop-reflect", ramp(10, 8), 12)
    assert result[0, :, 0].tolist() == [*range(10), 8, 7]
    assert result[:, 0, 1].tolist() == [*range(8), 6, 5, 4, 3]


def test_a_photo_too_small_on_one_side_only():
    result = run("centre-crop-reflect", ramp(30, 10), 12)
    assert result[0, :, 0].tolist() == list(range(9, 21))
    assert result[:, 0, 1].tolist() == [*range(10), 8, 7]


@pytest.mark.parametrize(
    ("name", "resampling"),
    [("resize-bicubic", Image.Resampling.BICUBIC), ("resize-lanczos", Image.Resampling.LANCZOS)],
)
def test_direct_scaling_keeps_no_proportions(name, resampling):
    image = ramp(80, 40)
    assert np.array_equal(run(name, image, 16), np.asarray(image.resize((16, 16), resampling)))


def test_centre_square_scales_the_centre():
    image = ramp(80, 40)
    expected = image.crop((20, 0, 60, 40)).resize((10, 10), Image.Resampling.BICUBIC)
    assert np.array_equal(run("centre-square", image, 10), np.asarray(expected))


def test_short_side_keeps_proportions_and_places_the_square_at_random():
    image = ramp(200, 50)
    lefts = {int(run("short-side-random-crop", image, 50, seed)[0, 0, 0]) for seed in range(20)}
    assert len(lefts) > 10
    assert min(lefts) >= 0
    assert max(lefts) <= 150
    same = [run("short-side-random-crop", image, 50, 7) for _ in range(2)]
    assert np.array_equal(*same)
    assert np.array_equal(same[0][:, 0, 1], np.arange(50))


@pytest.mark.parametrize(
    ("size", "scaled"), [((800, 600), (533, 400)), ((400, 300), (400, 300)), ((130, 100), (333, 256))]
)
def test_fixed_parts_of_photos_made_small_and_never_larger_than_needed(size, scaled):
    image = ramp(*size)
    whole = np.asarray(image.resize(scaled, Image.Resampling.BICUBIC) if scaled != size else image)  # [H, W, 3]
    right, down = scaled[0] - 256, scaled[1] - 256
    places = {
        "small-top-left": (0, 0),
        "small-top-right": (right, 0),
        "small-centre": (round(right / 2), round(down / 2)),
        "small-bottom-left": (0, down),
        "small-bottom-right": (right, down),
    }
    for name, (x, y) in places.items():
        assert np.array_equal(run(name, image, 256), whole[y : y + 256, x : x + 256])


def test_unknown_crop():
    with pytest.raises(ValueError, match="crop 'resize-bicubc' is unknown; did you mean 'resize-bicubic'"):
        crop("resize-bicubc")
