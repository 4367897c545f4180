"""`retouch mask`: making, changing and describing masks."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from retouch.mask import dilate
from tests.cli.conftest import pixels


def made(cli, *words):
    """[H, W] bool of the mask that these words make."""
    answer = cli("mask", *words, "-o", "new.png", "--overwrite")
    assert answer.code == 0, answer
    return pixels("new.png")


def test_boxes_for_a_photo(cli, folder):
    expected = np.zeros((90, 120), bool)
    expected[20:30, 10:40] = True
    assert np.array_equal(made(cli, "--photo", "photo.png", "--box", "10,20,30,10"), expected)


def test_polygon_for_a_size(cli, folder):
    mask = made(cli, "--size", "50x40", "--polygon", "10,10 30,10 30,20 10,20")
    expected = np.zeros((40, 50), bool)
    expected[10:21, 10:31] = True
    assert np.array_equal(mask, expected)


def test_masks_are_joined_then_grown_then_inverted(cli, folder, hole):
    other = np.zeros_like(hole)
    other[0:3, 0:3] = True
    Image.fromarray(other).save("other.png")
    mask = made(cli, "mask.png", "other.png", "--grow", "2", "--invert")
    assert np.array_equal(mask, ~dilate(hole | other, 2))


def test_join_adds_after_the_changes(cli, folder, hole):
    other = np.zeros_like(hole)
    other[0:3, 0:3] = True
    Image.fromarray(other).save("other.png")
    assert np.array_equal(made(cli, "mask.png", "--grow", "2", "--join", "other.png"), dilate(hole, 2) | other)
    assert np.array_equal(made(cli, "--join", "mask.png", "--join", "other.png"), hole | other)


def test_key_and_transparency_of_a_photo(cli, folder, photo, hole):
    photo[hole] = (255, 0, 255)
    alpha = np.full(hole.shape, 255, np.uint8)
    alpha[:5] = 0
    Image.fromarray(np.dstack([photo, alpha])).save("photo.png")
    assert np.array_equal(made(cli, "--photo", "photo.png", "--key", "#f0f"), hole)
    assert np.array_equal(made(cli, "--photo", "photo.png", "--from-alpha"), alpha == 0)


def test_key_in_a_cmyk_photo_is_looked_for_in_its_colours(cli, folder, hole):
    inks = np.zeros((90, 120, 4), np.uint8)
    inks[hole] = (0, 255, 255, 0)
    Image.frombytes("CMYK", (120, 90), inks.tobytes()).save("photo.tif")
    mask = made(cli, "--photo", "photo.tif", "--key", "#ff0000", "--key-tolerance", "60")
    assert np.array_equal(mask, hole)


def test_a_mask_is_written_as_one_bit(cli, folder):
    made(cli, "--size", "8x8", "--box", "1,1,2,2")
    with Image.open("new.png") as image:
        assert (image.mode, image.format) == ("1", "PNG")


def test_mask_from_standard_input(cli, folder, hole):
    answer = cli("mask", "-", "-o", "new.png", stdin=(folder / "mask.png").read_bytes())
    assert answer.code == 0
    assert np.array_equal(pixels("new.png"), hole)


def test_mask_to_standard_output(cli, folder, hole):
    answer = cli("mask", "-", "--invert", "-o", "-", stdin=(folder / "mask.png").read_bytes())
    assert answer.code == 0
    with Image.open(io.BytesIO(answer.content)) as image:
        assert (image.format, image.mode) == ("PNG", "1")
        assert np.array_equal(np.asarray(image), ~hole)


def test_a_mask_does_not_go_to_a_terminal(refused, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    refused("mask", "mask.png", "-o", "-", saying="which is a terminal")


def test_info(cli, folder, hole):
    hole[0, 0] = True
    Image.fromarray(hole).save("mask.png")
    lines = dict(line.split(maxsplit=1) for line in cli("mask", "mask.png", "--info").out.splitlines())
    assert lines["size"] == "120 x 90 pixels"
    assert lines["hole"] == f"{hole.mean():.2%}"
    assert lines["parts"] == "2"
    assert lines["polarity"] == "as expected"


def test_info_as_json_suspects_an_inverted_mask(cli, folder, hole):
    Image.fromarray(~hole).save("mask.png")
    facts = json.loads(cli("mask", "mask.png", "--info", "--json").out)
    assert facts["likely_inverted"] is True
    assert facts["size"] == [120, 90]
    assert facts["parts"] == 1
    assert facts["box"] == [0, 0, 120, 90]


def test_info_of_an_empty_mask(cli, folder):
    Image.fromarray(np.zeros((4, 5), bool)).save("mask.png")
    facts = json.loads(cli("mask", "mask.png", "--info", "--json").out)
    assert (facts["parts"], facts["box"], facts["coverage"]) == (0, None, 0.0)


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("mask.png",), "-o is missing"),
        (("-o", "new.png"), "size is missing"),
        (("-o", "new.png", "--size", "5x5"), "mask is missing"),
        (("-o", "new.png", "--box", "1,1,2,2"), "size is missing"),
        (("-o", "new.png", "--size", "0x5", "--box", "1,1,2,2"), "size"),
        (("-o", "new.png", "--size", "5", "--box", "1,1,2,2"), "size: is '5'"),
        (("-o", "new.png", "--size", "999999x999999", "--box", "1,1,2,2"), "--max-pixels"),
        (("-o", "new.png", "--size", "5x5", "--photo", "photo.png", "--box", "1,1,2,2"), "one of --photo and --size"),
        (("-o", "new.png", "--size", "5x5", "--polygon", "1,1 2,2"), "at least three points"),
        (("-o", "new.png", "--size", "5x5", "--polygon", "1,1 2,2 x,3"), "at least three points"),
        (("-o", "new.png", "--size", "5x5", "--key", "#fff"), "give --photo"),
        (("-o", "new.png", "--size", "5x5", "--from-alpha"), "give --photo"),
        (("-o", "new.png", "--photo", "photo.png", "--from-alpha"), "has no transparency"),
        (("-o", "new.jpg", "mask.png"), "new.jpg"),
        (("-o", "mask.png", "mask.png"), "is the input itself"),
        (("-o", "none/new.png", "mask.png"), "does not exist"),
        (("-o", "new.png", "none.png"), "there is no file"),
        (("-o", "new.png", "mask.png", "--size", "5x5"), "120x90"),
        (("-o", "new.png", "-", "-"), "given twice"),
        (("-o", "-", "mask.png", "--info"), "cannot both go to standard output"),
        (("-o", "new.png", "--size", "5x5", "--invert"), "nothing to grow, shrink or invert"),
    ],
)
def test_refused(refused, words, saying):
    refused("mask", *words, saying=saying)
