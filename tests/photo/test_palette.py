import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from retouch.photo import edit, enlarge, palette, put_rgb, read
from retouch.photo.palette import repaletted
from tests.photo.samples import raw_png, written


def picture(colours, seed=0, *, alphas=None, size=(20, 30)):
    """A palette PNG of random indices, and those indices."""
    rng = np.random.default_rng(seed)
    entries = rng.choice(256**3, colours, replace=False)
    table = np.stack([entries >> 16, entries >> 8 & 255, entries & 255], axis=1).astype(np.uint8)
    indices = rng.integers(0, colours, (*size, 1))
    bits = next(bits for bits in (1, 2, 4, 8) if colours <= 1 << bits)
    return raw_png(indices, bits, 3, palette=table.tobytes(), transparency=alphas), indices[..., 0], table


@pytest.mark.parametrize("colours", [1, 2, 3, 16, 17, 100, 255, 256])
@pytest.mark.parametrize("fresh", [1, 40, 200])
def test_known_pixels_keep_index_and_entry(colours, fresh):
    content, indices, table = picture(colours)
    photo = edit(read(content))
    rgb = np.random.default_rng(1).random((10, 20, 3)).astype(np.float32)
    rgb.reshape(-1, 3)[fresh:] = rgb[0, 0]
    put_rgb(photo, (5, 5, 25, 15), rgb, np.ones((10, 20), bool))
    output, notes = written(photo)
    notes = [note for note in notes if "bits per pixel" not in note]
    new = Image.open(io.BytesIO(output))
    known = ~photo.changed
    assert new.mode == "P"
    assert np.array_equal(np.asarray(new)[known], indices[known])
    kept = np.unique(indices[known])
    after = np.array(new.getpalette("RGB")).reshape(-1, 3)
    assert np.array_equal(after[kept], table[kept])
    again = read(output)
    if colours + fresh <= 256 or not notes:
        assert np.array_equal(again.pixels, photo.pixels)
    else:
        assert set(notes) & {palette.NEAREST, palette.FEWER}
        assert np.abs(again.pixels[~known].astype(int) - photo.pixels[~known]).mean() < 45


def test_a_palette_that_grows_says_so():
    content, _, _ = picture(2)
    photo = edit(read(content))
    put_rgb(photo, (0, 0, 3, 1), np.array([[[0, 0, 1], [0, 1, 0], [1, 0, 0]]], np.float32), np.ones((1, 3), bool))
    output, notes = written(photo)
    assert notes == ("the palette has 4 bits per pixel now, not 1",)
    assert output[24] == 4
    assert np.array_equal(read(output).pixels, photo.pixels)


@pytest.mark.parametrize(("colours", "bits"), [(2, 8), (2, 4), (10, 8), (3, 4), (1, 2)])
def test_a_short_palette_keeps_its_depth(colours, bits):
    table = np.arange(3 * colours, dtype=np.uint8)
    indices = np.random.default_rng(0).integers(0, colours, (20, 30, 1))
    photo = edit(read(raw_png(indices, bits, 3, palette=table.tobytes())))
    put_rgb(photo, (0, 0, 2, 2), np.zeros((2, 2, 3), np.float32), np.ones((2, 2), bool))
    output, notes = written(photo)
    assert output[24] == bits
    assert notes == ()
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(output)))[2:, 2:], indices[2:, 2:, 0])


def test_transparency_of_entries_survives():
    alphas = bytes([0, 128, 255, 7])
    content, indices, _ = picture(8, alphas=alphas)
    photo = edit(read(content))
    assert np.array_equal(photo.alpha, np.frombuffer(alphas.ljust(8, b"\xff"), np.uint8)[indices])
    put_rgb(photo, (2, 2, 9, 9), np.full((7, 7, 3), 0.3, np.float32), np.ones((7, 7), bool), opaque=True)
    output, notes = written(photo)
    assert notes == ()
    again = read(output)
    assert np.array_equal(again.alpha, photo.alpha)
    known = ~photo.changed
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(output)))[known], indices[known])


def test_a_filled_pixel_that_stays_clear_takes_the_clear_entry():
    content, indices, _ = picture(4, alphas=b"\0")
    photo = edit(read(content))
    put_rgb(photo, (0, 0, 30, 20), np.full((20, 30, 3), 0.5, np.float32), np.ones((20, 30), bool))
    fitted = repaletted(photo)
    assert (fitted.indices[indices == 0] == 0).all()
    assert fitted.transparency == 0


def test_an_index_beyond_the_palette_is_black_and_stays():
    indices = np.array([[[0], [1], [3]]])
    content = raw_png(indices, 2, 3, palette=bytes([9, 9, 9, 200, 200, 200]))
    photo = read(content)
    assert photo.pixels[0].tolist() == [[9, 9, 9], [200, 200, 200], [0, 0, 0]]
    again = read(written(edit(photo))[0])
    assert np.array_equal(again.pixels, photo.pixels)


def test_an_enlarged_palette_photo_keeps_its_indices():
    content, indices, _ = picture(10)
    photo = enlarge(read(content), 4, 3, 2, 1)
    put_rgb(photo, (0, 0, 4, 24), np.full((24, 4, 3), 0.7, np.float32), np.ones((24, 4), bool))
    output, _ = written(photo)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(output)))[3:23, 4:34], indices)
    assert np.array_equal(read(output).pixels, photo.pixels)


@given(st.integers(1, 256), st.integers(0, 9), st.integers(1, 60))
def test_every_index_points_into_the_palette(colours, seed, fresh):
    content, _, _ = picture(colours, seed, size=(6, 10))
    photo = edit(read(content))
    rng = np.random.default_rng(seed)
    mask = np.zeros(60, bool)
    mask[rng.permutation(60)[:fresh]] = True
    put_rgb(photo, (0, 0, 10, 6), rng.random((6, 10, 3)).astype(np.float32), mask.reshape(6, 10))
    fitted = repaletted(photo)
    assert len(fitted.palette) <= 256
    assert int(fitted.indices.max()) < len(fitted.palette)
    known = ~photo.changed
    assert np.array_equal(fitted.palette[fitted.indices][known][:, :3], photo.pixels[known])
    if colours + fresh <= 256:
        assert np.array_equal(fitted.palette[fitted.indices][..., :3], photo.pixels)
