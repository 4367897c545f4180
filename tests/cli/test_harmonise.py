"""`retouch harmonise` and `--harmonise`: what is written, and what is refused."""

import json

import numpy as np
import pytest
from PIL import Image

from retouch.mask import dilate
from tests.cli.conftest import pixels


@pytest.fixture
def card(folder):
    pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    from tests.methods.asuka.test_decoder_harmoniser import export_of

    return export_of(folder)


@pytest.fixture
def filled(folder, photo):
    Image.fromarray(255 - photo).save("filled.png")


def test_the_hole_is_harmonised_and_nothing_else_changes(cli, folder, photo, hole, card, filled):
    answer = cli("harmonise", "photo.png", "filled.png", "mask.png", "-o", "out.png", "-m", card, "--dilate", "3")
    assert answer.code == 0, answer.err
    assert answer.err.splitlines()[-1].startswith("retouch: wrote out.png (120 x 90 pixels) in ")
    out, ring = pixels("out.png"), dilate(hole, 3)
    assert np.array_equal(out[~ring], photo[~ring])
    assert not np.array_equal(out[hole], photo[hole])
    assert not np.array_equal(out[hole], (255 - photo)[hole])


def test_fill_and_batch_harmonise(cli, folder, photo, hole, card):
    words = ("-m", "smooth", "--harmonise", card)
    answer = cli("fill", "photo.png", "mask.png", "-o", "out.png", "--json", "told.json", *words)
    assert answer.code == 0, answer.err
    assert json.loads((folder / "told.json").read_text())["harmonise"] == str(card)
    assert cli("fill", "photo.png", "mask.png", "-o", "plain.png", "-m", "smooth").code == 0
    assert not np.array_equal(pixels("out.png")[hole], pixels("plain.png")[hole])
    (folder / "photos").mkdir()
    (folder / "photo.png").rename("photos/photo.png")
    assert cli("batch", "photos", "mask.png", "results", *words).code == 0
    assert np.array_equal(pixels("results/photo.png"), pixels("out.png"))


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("none.png", "filled.png", "mask.png", "-o", "o.png"), "photo: there is no file 'none.png'"),
        (("photo.png", "none.png", "mask.png", "-o", "o.png"), "filled: there is no file 'none.png'"),
        (("photo.png", "filled.png", "none.png", "-o", "o.png"), "mask: there is no file 'none.png'"),
        (("photo.png", "filled.png", "mask.png", "-o", "photo.png"), "is the input itself"),
        (("photo.png", "filled.png", "mask.png", "-o", "o.xyz"), "o.xyz"),
        (("photo.png", "filled.png", "mask.png", "-o", "o.png", "--format", "jpg"), "do not agree"),
        (("photo.png", "filled.png", "mask.png", "-o", "o.png"), "harmonise: none.json does not exist"),
        (("photo.png", "filled.png", "mask.png", "-o", "o.png", "-m", "psm"), "harmonise: 'psm' is unknown"),
    ],
)
def test_bad_words_are_refused(refused, filled, words, saying):
    refused("harmonise", *(() if "-m" in words else ("-m", "none.json")), *words, saying=saying)


def test_a_fill_of_another_size_is_refused(refused, card, filled):
    Image.new("RGB", (20, 30)).save("small.png")
    words = ("photo.png", "small.png", "mask.png", "-o", "o.png", "-m", card)
    refused("harmonise", *words, saying="filled: is 20 x 30 pixels; accepted: the photo's 120 x 90")


def test_an_unknown_harmoniser_is_refused_before_anything_is_filled(refused):
    refused("fill", "photo.png", "mask.png", "--harmonise", "lama", saying="harmonise: 'lama' is unknown; accepted: ")
