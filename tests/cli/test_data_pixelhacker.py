"""`retouch data pixelhacker-latents`, and the training that reads what it wrote; with a release of toy size."""

import json

import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("accelerate")

from retouch.train.checkpoints import all_checkpoints
from tests.cli.conftest import contents, names_in, pixels
from tests.data.photos_for_tests import folder_of
from tests.methods.pixelhacker.tiny_release import TINY, write_release

NETWORK = f"method.network={TINY.model_dump_json()}"
LATENT = ("--set", NETWORK, "--set", "method.space=latent", "--set", "method.size=32", "--set", "data.holes=box")
MAKE = ("data", "pixelhacker-latents", "album", "-o", "latents", "--samples", 4, "--per-shard", 3)
TRAIN = ("train", "pixelhacker", "--data", "latents", "--out", "out", "--batch", 2)


@pytest.fixture
def album(tmp_path, monkeypatch):
    """The working directory with album/ and a release of toy size, and no other weights."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RETOUCH_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("RETOUCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder_of(tmp_path / "album", 5)
    write_release(tmp_path / "pixelhacker")
    return tmp_path


def test_encoded_samples_are_trained_on(cli, album):
    answer = cli(*MAKE, *LATENT)
    assert (answer.code, answer.out) == (0, ""), answer.err
    assert answer.err.splitlines() == ["retouch: 4 samples encoded in latents"]
    shards = ["encoded-00000.safetensors", "encoded-00001.safetensors"]
    assert names_in(album / "latents") == [*shards, "encoded.json", "first.npz"]
    assert cli(*MAKE, *LATENT).err.endswith("0 samples encoded in latents, 2 shards were there already\n")

    answer = cli(*TRAIN, "--steps", 3, *LATENT, "--dry-run")
    assert answer.code == 0, answer.err
    assert "4 encoded samples of 5 photos of album" in answer.out
    assert "holes       those of the data" in answer.out
    (album / "album").rename(album / "elsewhere")  # photos are of no use any more
    assert cli(*TRAIN, "--steps", 2, *LATENT).code == 0
    answer = cli(*TRAIN, "--steps", 3, *LATENT)
    assert answer.code == 0, answer.err
    assert [path.name for path in all_checkpoints(album / "out")][-1] == "step-000003"
    assert json.loads((album / "out/config.json").read_text())["data"]["photos"] == ["latents"]
    assert pixels(album / "out" / "sheets" / "000003.png").shape[1] == 3 * 36 + 4


def test_training_on_other_samples_than_were_encoded_is_refused(cli, album):
    assert cli(*MAKE, *LATENT).code == 0
    before = contents(album)
    for words, message in (
        ((*TRAIN, *LATENT, "--set", "data.holes=mat-256-large"), "data.holes: is 'mat-256-large'; accepted: 'box', as"),
        ((*TRAIN, *LATENT, "--set", "data.size=64"), "data.size: is 64; accepted: 32, as latents was encoded"),
        ((*TRAIN, "--data", "album", *LATENT), "accepted: that folder alone"),
        ((*TRAIN, "--set", "data.size=32", "--set", "data.holes=box"), "accepted for method.space 'pixel'"),
        (("train", "unet", *TRAIN[2:], *LATENT[-2:], "--set", "data.size=32"), "accepted for unet: photos"),
    ):
        answer = cli(*words, "--steps", 1)
        assert answer.code == 2, words
        assert message in answer.err
    assert contents(album) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--set", "data.size=32"), "method.space: is 'pixel', of variant 'small'; accepted: 'latent', such as --set"),
        ((*LATENT, "--shard", "3/2"), "--shard: is '3/2'; accepted: i/n"),
        ((*LATENT, "--set", "data.beside=album"), "DATA: has other pictures beside its photos; accepted: photos"),
        ((*LATENT, "--set", "data.hole=box"), "did you mean 'data.holes'"),
        ((*LATENT, "--set", "data.combine=v1"), "data.combine: is given; accepted: with pairs only"),
        ((*LATENT, "-o", "album"), "holds files that this command did not write"),
    ],
)
def test_refused_before_anything_is_written(words, message, cli, album):
    before = contents(album / "album")
    answer = cli(*MAKE, *words)
    assert answer.code == 2
    assert message in answer.err
    assert len(answer.err.splitlines()) == 1
    assert contents(album / "album") == before
    assert "latents" not in names_in(album)


def test_without_the_vae_it_is_said_where_to_put_it(cli, album):
    (album / "pixelhacker").rename(album / "moved")
    answer = cli(*MAKE, *LATENT)
    assert answer.code == 2
    assert "PixelHacker's VAE: weights are not here" in answer.err
    assert "latents" not in names_in(album)
