"""`retouch analyse vae-drift`: with an export and with a folder of diffusers, and what is refused."""

import csv

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photos(folder):
    (folder / "photos").mkdir()
    for k in range(3):
        image = np.random.default_rng(k).integers(0, 256, (80, 70 + k, 3), np.uint8)
        Image.fromarray(image).save(folder / "photos" / f"{k}.png")


def autoencoders(folder):
    """An export of the decoder, and diffusers' own kind in a folder."""
    pytest.importorskip("torch")
    diffusers = pytest.importorskip("diffusers")
    from tests.methods.asuka.test_decoder_harmoniser import export_of

    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2}
    vae = diffusers.AutoencoderKL(**blocks, block_out_channels=(8, 8), norm_num_groups=4)
    vae.save_pretrained(folder / "vae")
    return str(export_of(folder)), "vae"


def test_any_autoencoder_is_measured(cli, folder, photos):
    for vae in autoencoders(folder):
        words = ("--photos", "photos", "--vae", vae, "-o", "out", "--passes", "2", "--size", "64", "--overwrite")
        answer = cli("analyse", "vae-drift", *words)
        assert answer.code == 0, answer.err
        assert "hue off by" in answer.err
        rows = list(csv.DictReader((folder / "out" / "drift.csv").read_text().splitlines()))
        assert [row["pass"] for row in rows] == ["1", "2"]
        assert float(rows[0]["error_levels"]) > 0
        assert vae in (folder / "out" / "index.html").read_text()


def test_a_photo_that_cannot_be_used_is_named(cli, folder, photos):
    (folder / "photos" / "3.png").write_bytes(b"no photo")
    words = ("--photos", "photos", "--vae", autoencoders(folder)[0], "-o", "out", "--passes", "1", "--size", "64")
    answer = cli("analyse", "vae-drift", *words)
    assert answer.code == 1
    assert "3.png" in answer.err


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("--vae", "none"), "--vae: none does not exist; accepted: a folder of diffusers, or an export's .json"),
        (("--vae", "photo.png"), "vae: is photo.png; accepted: a folder of diffusers' AutoencoderKL, or the .json"),
        (("--vae", "photos"), "vae: photos has no config.json; accepted: a folder of diffusers' AutoencoderKL"),
        (("--vae", "photos", "--size", "100"), "--size: is 100; accepted: multiples of 8"),
        (("--vae", "photos", "-o", "mask.png"), "out: 'mask.png' is a file; accepted: a folder"),
        (("--vae", "photos", "--photos", "none"), "photos"),
    ],
)
def test_bad_words_are_refused(refused, folder, photos, words, saying):
    pytest.importorskip("diffusers")
    given = {"--photos": "photos", "-o": "out"} | dict(zip(words[::2], words[1::2], strict=True))
    refused("analyse", "vae-drift", *(word for pair in given.items() for word in pair), saying=saying)
