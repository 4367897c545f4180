"""What an autoencoder loses: hues and octaves against known changes, passes, files."""

import csv

import numpy as np
import pytest
from PIL import Image

from retouch.methods.asuka.drift import EDGES, band_errors, drift, hue_shift
from retouch.methods.asuka.drift_page import bands, page, strip, table, write


@pytest.fixture
def photos():
    rng = np.random.default_rng(0)
    return [(0.2 + 0.6 * rng.random((64, 80, 3))).astype(np.float32) for _ in range(2)]


def wave(frequency, size=128):
    """A wave along x of amplitude sqrt(2) levels: a root mean square of 1 level."""
    x = np.arange(size)
    return np.broadcast_to((np.sqrt(2) * np.cos(2 * np.pi * frequency * x) / 255)[None, :, None], (size, size, 3))


@pytest.mark.parametrize("degrees", [0, 20, 120, 180])
def test_a_turn_of_the_hue_is_told_in_degrees(degrees):
    """A rotation about the grey axis."""
    colours = 0.5 + 0.2 * (np.random.default_rng(0).random((8, 8, 3)) - 0.5)
    axis, angle = np.ones(3) / np.sqrt(3), np.radians(degrees)
    cross = np.cross(np.eye(3), axis)
    turn = np.cos(angle) * np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * np.outer(axis, axis)
    assert hue_shift(colours @ turn, colours) == pytest.approx(degrees, abs=1e-4)


def test_brightness_and_greys_turn_no_hue(photos):
    assert hue_shift(photos[0] * 0.8, photos[0]) == pytest.approx(0, abs=1e-4)
    grey = np.full((4, 4, 3), 0.5, np.float32)
    assert hue_shift(photos[0][:4, :4], grey) == 0
    assert hue_shift(grey, photos[0][:4, :4]) == 0


def test_colourful_pixels_count_more():
    truth = np.array([[[1.0, 0, 0], [0.5, 0.45, 0.45]]])
    image = np.array([[[0, 1.0, 0], [0.5, 0.45, 0.45]]])  # red became green
    assert hue_shift(image, truth) == pytest.approx(120 / 1.05)


@pytest.mark.parametrize(("frequency", "band"), [(0, 0), (1 / 128, 0), (1 / 64, 1), (3 / 128, 1), (1 / 8, 4), (0.4, 5)])
def test_a_wave_lies_in_its_octave(frequency, band):
    frequency = round(frequency * 128) / 128
    found = band_errors(wave(frequency), np.zeros((128, 128, 3)))
    expected = np.zeros(len(EDGES) - 1)
    expected[band] = np.sqrt(2) if frequency == 0 else 1
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_squares_of_the_octaves_add_up(photos):
    found = band_errors(photos[0], photos[1])
    whole = np.square(255 * (photos[0].astype(float) - photos[1])).mean()
    assert np.square(found).sum() == pytest.approx(whole)


def test_every_pass_goes_on_from_the_one_before(photos):
    found = drift(photos, lambda image: image + np.float32(0.01), 3)
    assert [each.bands[0] for each in found.passes] == pytest.approx([2.55, 5.1, 7.65], rel=1e-4)
    assert [each.error for each in found.passes] == pytest.approx([2.55, 5.1, 7.65], rel=1e-4)
    assert len(found.strip) == 4
    assert np.array_equal(found.strip[0], photos[0])


def test_values_are_clamped_between_passes(photos):
    found = drift(photos, lambda image: image + 1, 2)
    assert (found.strip[2] == 1).all()


def test_what_loses_nothing_shows_nothing(photos):
    found = drift(photos, lambda image: image, 2)
    assert found.passes[1].hue == pytest.approx(0, abs=1e-6)
    assert found.passes[1].error == 0


def test_a_useless_round_trip_is_named(photos):
    with pytest.raises(ValueError, match=r"round_trip: gives \[8, 80, 3\]; accepted: \[64, 80, 3\], as the photo"):
        drift(photos, lambda image: image[:8], 1)
    with pytest.raises(ValueError, match=r"vae: gives values that are no finite numbers; its weights are of no use"):
        drift(photos, lambda image: image * np.float32("nan"), 1)


@pytest.mark.parametrize(("count", "passes"), [(0, 1), (1, 0)])
def test_nothing_to_measure_is_refused(photos, count, passes):
    with pytest.raises(ValueError, match=f"photos, passes: are {count} and {passes}; accepted: at least 1 each"):
        drift(photos[:count], lambda image: image, passes)


def test_files(tmp_path, photos):
    found = drift(photos, lambda image: 0.9 * image, 7)
    write(found, (("autoencoder", "a<b"),), tmp_path / "out")
    rows = list(csv.DictReader((tmp_path / "out" / "drift.csv").read_text().splitlines()))
    assert len(rows) == 7
    assert float(rows[6]["error_levels"]) == pytest.approx(found.passes[6].error, abs=1e-3)
    assert [name for name in rows[0] if name.startswith("error ")] == [f"error {name}" for name in bands()]
    with Image.open(tmp_path / "out" / "passes.png") as picture:
        assert picture.size == (6 * 80, 64)
    text = (tmp_path / "out" / "index.html").read_text()
    assert "a&lt;b" in text
    assert text.count("<svg") == 2
    with pytest.raises(FileExistsError):
        write(found, (), tmp_path / "out")
    write(found, (), tmp_path / "out", overwrite=True)


def test_one_pass_has_a_page_too(photos):
    found = drift(photos[:1], lambda image: 0.9 * image, 1)
    assert strip(found).size == (160, 64)
    assert table(found).count("\n") == 2
    assert "1 passes" in page(found, ())
