"""What the released script does around the sampling; that it is the same to the bit is tested with the goldens."""

import numpy as np
import pytest
from PIL import Image

from retouch.methods.pixelhacker.official import difference, finish, prepare, span


def photo(width, height, seed=0):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def mask(width, height, box=(20, 10, 40, 30), value=255):
    array = np.zeros((height, width), np.uint8)
    array[box[1] : box[3], box[0] : box[2]] = value
    return Image.fromarray(array)


@pytest.mark.parametrize(
    ("size", "wanted", "found"),
    [((150, 70), 64, (64, 128)), ((80, 90), 64, (64, 64)), ((100, 300), 128, (384, 128)), ((70, 70), 100, (64, 64))],
)
def test_the_short_side_is_scaled_and_both_are_cut_to_64(size, wanted, found):
    pixels, hole = prepare(photo(*size), mask(*size), wanted)
    assert pixels.shape == (*found, 3)
    assert hole.shape == found
    assert pixels.dtype == np.float32
    assert -1 <= pixels.min() < pixels.max() <= 1


def test_128_is_hole_and_127_is_not():
    for value, share in ((127, 0), (128, 400 / 4096)):
        _, hole = prepare(photo(64, 64), mask(64, 64, value=value), 64)
        assert hole.mean() == share


def test_the_hole_is_widened_after_resizing():
    _, hole = prepare(photo(64, 64), mask(64, 64), 64, dilate=9)
    assert hole.sum() == (20 + 8) * (20 + 8)


def test_pasted_the_photo_stays_where_the_blurred_mask_ends():
    image, hole = photo(80, 60), mask(80, 60)
    grey = np.zeros((64, 64, 3), np.float32)
    everywhere = np.asarray(finish(grey, image, hole))
    assert everywhere.shape == (60, 80, 3)
    assert set(np.unique(everywhere)) == {127}
    pasted = np.asarray(finish(grey, image, hole, paste=True))
    assert np.array_equal(pasted[45:], np.asarray(image)[45:])
    assert set(np.unique(pasted[18:22, 28:32])) <= {126, 127}


def test_compensation_shifts_towards_the_surroundings():
    image = Image.new("RGB", (80, 60), (100, 150, 200))
    grey = np.zeros((64, 64, 3), np.float32)  # 127 as a colour
    shifted = np.asarray(finish(grey, image, mask(80, 60), paste=True, compensate=True))[20, 30]
    np.testing.assert_allclose(shifted, 127 + 1.1 * (np.array([100, 150, 200]) - 127), atol=1)
    unpasted = finish(grey, image, mask(80, 60), compensate=True)  # as in the script, not without pasting
    assert set(np.unique(np.asarray(unpasted))) == {127}


def test_where_nothing_is_around_the_hole_there_is_no_shift():
    before, after = np.full((9, 9, 3), 200, np.uint8), np.zeros((9, 9, 3), np.uint8)
    for hole in (np.ones((9, 9), bool), np.zeros((9, 9), bool)):
        assert difference(before, after, hole).tolist() == [0, 0, 0]


@pytest.mark.parametrize(("places", "expected"), [((20, 29), (14, 35)), ((20, 30), (15, 36)), ((2, 3), (0, 9))])
def test_the_box_grows_by_ten_in_all(places, expected):
    found = span(np.arange(places[0], places[1] + 1))
    assert (found.start, found.stop) == expected


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="size: is 63; accepted: 64 or more"):
        prepare(photo(70, 70), mask(70, 70), 63)
    with pytest.raises(ValueError, match=r"mask_image: is \(60, 70\); accepted: the image's size, \(70, 70\)"):
        prepare(photo(70, 70), mask(60, 70), 64)
    with pytest.raises(ValueError, match="dilate: is 4; accepted: 0, or an odd number"):
        prepare(photo(70, 70), mask(70, 70), 64, dilate=4)
