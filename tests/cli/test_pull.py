"""`retouch pull` and `retouch convert`, with a release of toy size."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from retouch.methods.pixelhacker import release  # noqa: E402
from tests.cli.conftest import names_in  # noqa: E402
from tests.methods.pixelhacker.tiny_release import TINY, write_release  # noqa: E402

NAME = "pixelhacker/pretrained"
BIN, SAFE = "diffusion_pytorch_model.bin", "diffusion_pytorch_model.safetensors"


@pytest.fixture
def released(folder, monkeypatch):
    """Released files in ./hub/pixelhacker, which nothing points at; no hub; the released size is TINY."""

    def offline(*_args, **_options):
        raise OSError("offline")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", offline)
    monkeypatch.setattr(release, "Network", lambda: TINY)
    monkeypatch.setenv("RETOUCH_CACHE", str(folder / "cache"))
    monkeypatch.delenv("RETOUCH_WEIGHTS", raising=False)
    return write_release(folder / "hub" / "pixelhacker")


def test_pull_tells_the_files(cli, released, monkeypatch, folder):
    monkeypatch.setenv("RETOUCH_WEIGHTS", "hub")
    answer = cli("pull", NAME)
    assert answer.code == 0, answer.err
    network, vae, config = answer.out.splitlines()
    assert network == str(folder / "cache" / NAME / SAFE)
    assert vae == str(folder / "cache" / "pixelhacker" / "vae" / SAFE)
    assert config.endswith("config.json")
    assert cli("fill", "photo.png", "mask.png", "-o", "out.png", "-m", NAME, "--iterations", 1).code == 0
    assert "out.png" in names_in(folder)


def test_nothing_to_pull(cli):
    answer = cli("pull", "patchmatch")
    assert (answer.code, answer.out) == (0, "")
    assert "model 'patchmatch' has nothing to get" in answer.err


def test_weights_that_cannot_be_had_are_one_line(refused, released):
    for words in (("pull", NAME), ("fill", "photo.png", "mask.png", "-o", "out.png", "-m", NAME)):
        line = refused(*words, saying="weights are not here and the hub cannot be reached")
        assert f"pretrained/{BIN}" in line
        assert "RETOUCH_WEIGHTS" in line


def test_a_missing_extra_is_one_line(refused, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for words in (("pull", NAME), ("fill", "photo.png", "mask.png", "-o", "out.png", "-m", NAME)):
        refused(*words, saying="needs the extra 'diffusion': pip install 'retouch[diffusion]'")


def test_an_unknown_name_is_one_line(refused):
    refused("pull", "pixelhacker/pretraned", saying="did you mean 'pixelhacker/pretrained'?")


def test_convert_makes_a_folder_of_weights(cli, released, monkeypatch, folder):
    files = [released / "pretrained" / BIN, released / "vae" / BIN]
    answer = cli("convert", *files, "-o", "mine/pixelhacker")
    assert answer.code == 0, answer.err
    assert answer.out.splitlines() == [f"mine/pixelhacker/pretrained/{SAFE}", f"mine/pixelhacker/vae/{SAFE}"]
    monkeypatch.setenv("RETOUCH_WEIGHTS", "mine")
    assert cli("pull", NAME).code == 0
    assert "cache" not in names_in(folder)  # they are as they should be already
    assert cli("convert", files[0], "-o", "one.safetensors").code == 0
    assert "exists already" in cli("convert", files[0], "-o", "one.safetensors").err
    assert cli("convert", files[0], "-o", "one.safetensors", "--overwrite").code == 0


def test_what_cannot_be_converted_is_one_line(refused, released):
    (released / "vae" / BIN).write_bytes(b"PK")
    network = released / "pretrained" / BIN
    refused("convert", released / "vae" / BIN, "-o", "x.safetensors", saying="is no checkpoint that can be read")
    refused("convert", "none.bin", "-o", "x.safetensors", saying="none.bin does not exist")
    refused("convert", network, network, "-o", "x.safetensors", saying="--out: is one file, x.safetensors, for 2")
    refused("convert", network, network, "-o", "out", saying="several have the same name and folder")
    refused("convert", released, "-o", "out", saying="is a folder; accepted: files")
    refused("convert", network, "-o", "x.bin", saying="--out: is x.bin; accepted: a name that ends in .safetensors")
    refused("convert", network, "-o", "photo.png", saying="--out: is photo.png; accepted: a name that ends in")


def test_help_of_convert_names_what_is_converted(cli):
    text = " ".join(cli("convert", "--help").out.split())
    for name in ("pretrained", "ft_places2", "ft_celebahq", "ft_ffhq", "vae", "config.json", "hustvl/PixelHacker"):
        assert name in text
