import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageCms

from retouch.photo import Photo, Source, edit, enlarge, from_array, put_rgb, read, window_rgb
from retouch.photo.colour import from_srgb, to_srgb
from tests.photo.samples import file, noise, profile

ALL = np.ones((20, 30), bool)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_window_put_back_is_the_same(dtype, channels):
    photo = edit(from_array(noise(20, 30, channels, dtype)))
    before = photo.pixels.copy()
    window = window_rgb(photo, (0, 0, 30, 20))
    assert window.dtype == np.float32
    assert window.shape == (20, 30, 3)
    assert 0 <= window.min() <= window.max() <= 1
    put_rgb(photo, (0, 0, 30, 20), window, ALL)
    assert np.array_equal(photo.pixels, before)
    assert photo.changed.all()


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))), st.data())
def test_only_changed_pixels_of_the_box_are_written(pixels, data):
    height, width = pixels.shape[:2]
    x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    x1, y1 = data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height))
    changed = data.draw(hnp.arrays(np.bool_, (y1 - y0, x1 - x0)))
    photo = edit(from_array(pixels))
    put_rgb(photo, (x0, y0, x1, y1), np.full((y1 - y0, x1 - x0, 3), 0.4, np.float32), changed)
    whole = np.zeros((height, width), bool)
    whole[y0:y1, x0:x1] = changed
    assert np.array_equal(photo.changed, whole)
    assert np.array_equal(photo.pixels[~whole], pixels[~whole])
    assert (photo.pixels[whole] == 102).all()


def test_grey_takes_the_luminance():
    photo = edit(from_array(np.zeros((1, 3), np.uint8)))
    rgb = np.array([[[1, 0, 0], [0, 1, 0], [0, 0, 1]]], np.float32)
    put_rgb(photo, (0, 0, 3, 1), rgb, np.ones((1, 3), bool))
    assert photo.pixels[0, :, 0].tolist() == [76, 150, 29]


def test_a_wide_profile_goes_through_srgb_and_back():
    icc = profile()
    rng = np.random.default_rng(0)
    pixels = (rng.integers(90, 160, (20, 30, 1)) + rng.integers(-8, 9, (20, 30, 3))).astype(np.uint8)  # inside sRGB
    photo = edit(Photo(pixels.copy(), source=Source(icc=icc)))
    window = window_rgb(photo, (0, 0, 30, 20))
    plain = pixels / np.float32(255)
    assert np.abs(window - plain).max() > 0.03
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    expected = ImageCms.profileToProfile(
        Image.fromarray(pixels), source, ImageCms.createProfile("sRGB"), ImageCms.Intent.RELATIVE_COLORIMETRIC
    )
    assert np.abs(window * 255 - np.asarray(expected, np.float32)).max() <= 2
    put_rgb(photo, (0, 0, 30, 20), window, ALL)
    assert np.abs(photo.pixels.astype(int) - pixels).max() <= 3


def test_srgb_by_another_name_changes_no_value():
    pixels = noise(20, 30)
    photo = edit(Photo(pixels.copy(), source=Source(icc=profile("srgb"))))
    window = window_rgb(photo, (0, 0, 30, 20))
    assert np.array_equal(window, pixels / np.float32(255))
    put_rgb(photo, (0, 0, 30, 20), window, ALL)
    assert np.array_equal(photo.pixels, pixels)


def test_a_grey_profile_is_used():
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    photo = edit(Photo(pixels.copy(), source=Source(mode="L", icc=profile("grey"))))
    window = window_rgb(photo, (0, 0, 16, 16))
    assert np.abs(window[..., 0] - pixels[..., 0] / 255).max() > 0.03
    put_rgb(photo, (0, 0, 16, 16), window, np.ones((16, 16), bool))
    assert np.abs(photo.pixels.astype(int) - pixels)[2:].max() <= 2


@pytest.mark.parametrize("icc", [b"", b"garbage", profile()[:200], profile("grey")])
def test_a_profile_that_cannot_be_used_means_srgb(icc):
    pixels = noise(20, 30)
    photo = Photo(pixels, source=Source(icc=icc))
    assert np.array_equal(window_rgb(photo, (0, 0, 30, 20)), pixels / np.float32(255))


def test_cmyk_without_profile_is_converted_plainly():
    pixels = noise(20, 30, 4)
    photo = edit(Photo(pixels.copy(), source=Source(mode="CMYK")))
    window = window_rgb(photo, (0, 0, 30, 20))
    expected = Image.frombytes("CMYK", (30, 20), pixels.tobytes()).convert("RGB")
    assert np.array_equal(window * 255, np.asarray(expected, np.float32))
    put_rgb(photo, (0, 0, 30, 20), window, ALL)
    assert np.abs(window_rgb(photo, (0, 0, 30, 20)) - window).max() < 0.005


def test_sixteen_bits_keep_their_precision_without_profile():
    values = np.arange(0, 65536, 7, dtype=np.uint16)[:9000].reshape(100, 90, 1)
    rgb = to_srgb(values, None)
    assert np.array_equal(from_srgb(rgb.reshape(-1, 3), 1, np.dtype(np.uint16), None).reshape(values.shape), values)


def test_sixteen_bits_with_a_profile():
    icc = profile()
    pixels = np.full((4, 4, 3), 30000, np.uint16)
    photo = edit(Photo(pixels.copy(), source=Source(mode="RGB;16", icc=icc)))
    window = window_rgb(photo, (0, 0, 4, 4))
    put_rgb(photo, (0, 0, 4, 4), window, np.ones((4, 4), bool))
    assert np.abs(photo.pixels.astype(int) - pixels).max() <= 3 * 257


def test_values_outside_the_range_are_clipped():
    photo = edit(from_array(np.zeros((1, 2, 3), np.uint8)))
    put_rgb(photo, (0, 0, 2, 1), np.array([[[2, 2, 2], [-1, -1, -1]]], np.float32), np.ones((1, 2), bool))
    assert photo.pixels[0].tolist() == [[255] * 3, [0] * 3]


@pytest.mark.parametrize("box", [(0, 0, 0, 5), (5, 5, 4, 9), (-1, 0, 4, 4), (0, 0, 31, 4), (0, 0, 4, 21)])
def test_boxes_outside_are_refused(box):
    photo = edit(from_array(noise(20, 30)))
    with pytest.raises(ValueError, match="box"):
        window_rgb(photo, box)


def test_what_does_not_fit_the_box_is_refused():
    photo = from_array(noise(20, 30))
    rgb, changed = np.zeros((4, 5, 3), np.float32), np.ones((4, 5), bool)
    with pytest.raises(ValueError, match="edit"):
        put_rgb(photo, (0, 0, 5, 4), rgb, changed)
    photo = edit(photo)
    with pytest.raises(ValueError, match="rgb"):
        put_rgb(photo, (0, 0, 5, 5), rgb, changed)
    with pytest.raises(ValueError, match="changed"):
        put_rgb(photo, (0, 0, 5, 4), rgb, changed[:3])
    with pytest.raises(ValueError, match="changed"):
        put_rgb(photo, (0, 0, 5, 4), rgb, changed.astype(np.uint8))


def test_an_edited_copy_shares_nothing():
    photo = read(file("RGBA"))
    edited = edit(photo)
    edited.pixels[:] = 0
    edited.alpha[:] = 0
    assert photo.pixels.any()
    assert photo.alpha.any()
    assert photo.changed is None
    assert not edited.changed.any()
    again = edit(edited)
    again.changed[:] = True
    assert not edited.changed.any()


@given(st.tuples(*[st.integers(0, 5)] * 4), st.sampled_from([1, 2, 3, 4]))
def test_an_enlarged_canvas_holds_the_photo(sides, channels):
    left, top, right, bottom = sides
    photo = from_array(noise(6, 7, channels))
    larger = enlarge(photo, *sides)
    assert larger.size == (7 + left + right, 6 + top + bottom)
    inside = (slice(top, top + 6), slice(left, left + 7))
    assert np.array_equal(larger.pixels[inside], photo.pixels)
    assert not larger.changed[inside].any()
    assert larger.changed.sum() == larger.changed.size - 42
    assert not larger.pixels[larger.changed].any()
    if channels in (2, 4):
        assert np.array_equal(larger.alpha[inside], photo.alpha)
        assert (larger.alpha[larger.changed] == 255).all()


@pytest.mark.parametrize("side", range(4))
def test_a_canvas_does_not_shrink(side):
    sides = [0, 0, 0, 0]
    sides[side] = -1
    with pytest.raises(ValueError, match=["left", "top", "right", "bottom"][side]):
        enlarge(from_array(noise(6, 7)), *sides)
