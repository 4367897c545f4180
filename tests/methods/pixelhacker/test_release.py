"""Released weights: found, converted once, refused where they are not what they should be."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from safetensors import safe_open  # noqa: E402

from retouch.catalogue import find, pull  # noqa: E402
from retouch.methods.pixelhacker import release  # noqa: E402
from retouch.methods.pixelhacker.release import convert_file, fetch, load_denoiser, load_vae  # noqa: E402
from retouch.weights import WeightsMissing, file_hash  # noqa: E402
from tests.methods.pixelhacker.tiny_release import TINY, autoencoder, built, denoiser, write_release  # noqa: E402

NAME = "pixelhacker/pretrained"
BIN, SAFE = "diffusion_pytorch_model.bin", "diffusion_pytorch_model.safetensors"


@pytest.fixture
def offline(monkeypatch):
    """No hub; what was asked of it."""
    asked = []

    def download(repo, name, revision):
        asked.append((repo, name, revision))
        raise OSError("offline")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    return asked


@pytest.fixture
def folders(tmp_path, monkeypatch, offline):
    """(released files, cache), both known to retouch."""
    given, cache = tmp_path / "weights" / "pixelhacker", tmp_path / "cache"
    monkeypatch.setenv("RETOUCH_WEIGHTS", str(given.parent))
    monkeypatch.setenv("RETOUCH_CACHE", str(cache))
    return write_release(given), cache


def test_released_files_are_converted_into_the_cache_once(folders, offline):
    given, cache = folders
    first = fetch(NAME, TINY)
    assert (first.network, first.vae) == (cache / NAME / SAFE, cache / "pixelhacker" / "vae" / SAFE)
    assert first.vae_config == given / "vae" / "config.json"
    written = first.network.stat().st_mtime_ns
    (given / "pretrained" / BIN).unlink()  # the converted one is enough
    assert fetch(NAME, TINY) == first
    assert first.network.stat().st_mtime_ns == written
    assert not offline


def test_what_is_loaded_is_what_was_released(folders):
    files = fetch(NAME, TINY)
    loaded, wanted = load_denoiser(files.network, TINY).state_dict(), denoiser().state_dict()
    assert loaded.keys() == wanted.keys()
    assert all(torch.equal(loaded[key], value) for key, value in wanted.items())
    vae = load_vae(files.vae, files.vae_config)
    assert vae.dtype == torch.float32
    assert all(torch.equal(vae.state_dict()[k], v.half().float()) for k, v in autoencoder().state_dict().items())
    assert vae.config.scaling_factor == 0.13025


def test_a_converted_file_of_another_network_is_refused(folders):
    file = fetch(NAME, TINY).network
    with pytest.raises(ValueError, match=r"safetensors: \d+ keys are missing"):
        load_denoiser(file)  # the released size
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ValueError, match="is not a readable safetensors file"):
        load_denoiser(file, TINY)


def test_the_converted_file_says_what_it_was_made_from(folders):
    given, _ = folders
    with safe_open(fetch(NAME, TINY).network, "pt") as file:
        about = file.metadata()
    assert about["sha256"] == file_hash(given / "pretrained" / BIN)
    assert about["source"].endswith(f"pretrained/{BIN}")


def test_what_is_nowhere_else_comes_from_the_hub(folders, monkeypatch, tmp_path):
    given, cache = folders
    monkeypatch.delenv("RETOUCH_WEIGHTS")
    asked = []

    def download(repo, name, revision):
        asked.append((repo, name, revision))
        return str(given / name)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    assert fetch(NAME, TINY).network == cache / NAME / SAFE
    assert {repo for repo, _, _ in asked} == {"hustvl/PixelHacker"}
    assert {name for _, name, _ in asked} == {f"pretrained/{BIN}", f"vae/{BIN}", "vae/config.json"}
    assert {revision for _, _, revision in asked} == {None}


@pytest.mark.parametrize("lacking", ["pretrained/" + BIN, "vae/" + BIN, "vae/config.json"])
def test_offline_the_message_says_which_files_to_put_where(folders, lacking):
    (folders[0] / lacking).unlink()
    with pytest.raises(WeightsMissing) as caught:
        fetch(NAME, TINY)
    text = str(caught.value)
    for part in (f"pretrained/{BIN}", f"vae/{BIN}", "vae/config.json", release.PAGE, "RETOUCH_WEIGHTS", NAME):
        assert part in text
    assert "\n" not in text


def change(file, edit):
    state = torch.load(file, weights_only=True)
    edit(state)
    torch.save(state, file)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda state: state.pop("diff_model.conv_in.bias"), r"1 keys are missing.*diff_model\.conv_in\.bias"),
        (lambda state: state.update({"diff_model.more": torch.zeros(1)}), r"diff_model\.more.*unexpected"),
        (lambda state: state.update({"teacher.more": torch.zeros(1)}), r"key: 'teacher\.more' is unknown"),
        (lambda state: state.update({"diff_model.conv_in.bias": torch.zeros(3)}), r"shape \[3\]; accepted: \[32\]"),
    ],
)
def test_another_network_is_refused(folders, edit, said):
    given, cache = folders
    change(given / "pretrained" / BIN, edit)
    with pytest.raises(ValueError, match=said) as caught:
        fetch(NAME, TINY)
    assert str(given / "pretrained" / BIN) in str(caught.value)
    assert not (cache / NAME).exists()


def test_a_released_network_of_another_size_is_refused(folders):
    with pytest.raises(ValueError, match="keys are missing"):
        fetch(NAME)  # the cards' size


def test_a_truncated_file_is_refused(folders):
    file = folders[0] / "pretrained" / BIN
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(ValueError, match="is no checkpoint that can be read without running code"):
        fetch(NAME, TINY)


class Malice:
    def __reduce__(self):
        return (Path.touch, (Path("ran"),))


def test_no_code_in_a_file_is_run(folders, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"embedding_layer.weight": Malice()}, folders[0] / "pretrained" / BIN)
    with pytest.raises(ValueError, match="without running code"):
        fetch(NAME, TINY)
    assert not Path("ran").exists()


def test_a_vae_that_does_not_fit_its_configuration_is_refused(folders):
    config = folders[0] / "vae" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"latent_channels": 8}))
    with pytest.raises(ValueError, match="has shape"):
        fetch(NAME, TINY)
    config.write_text("{")
    with pytest.raises(ValueError, match=r"config\.json: is no configuration of an AutoencoderKL"):
        fetch(NAME, TINY)


def test_a_cache_that_cannot_be_written_is_named(folders):
    folders[1].write_text("a file, no folder")
    with pytest.raises(OSError, match="cache"):
        fetch(NAME, TINY)


def test_the_card_is_pulled_and_loaded(folders, monkeypatch):
    monkeypatch.setattr(release, "Network", lambda: TINY)
    files = pull(find(NAME))
    assert len(files) == 3
    assert all(file.is_file() for file in files)
    model = built()
    images = np.full((1, 64, 64, 3), 0.5, np.float32)
    masks = np.zeros((1, 64, 64), bool)
    masks[0, 20:40, 20:40] = True
    assert model(images, masks, model.needs.options(iterations=1)).images.shape == images.shape


def test_every_card_has_weights_of_its_own():
    assert pull(find("patchmatch")) == ()
    assert len(set(release.FOLDERS.values())) == 4
    for name in release.FOLDERS:
        assert find(name).size_mb == release.MEGABYTES


def test_one_file_is_converted(folders, tmp_path):
    given, _ = folders
    out = tmp_path / "net.safetensors"
    assert convert_file(given / "pretrained" / BIN, out, network=TINY) == "network"
    assert all(torch.equal(v, denoiser().state_dict()[k]) for k, v in load_denoiser(out, TINY).state_dict().items())
    with pytest.raises(FileExistsError, match="exists already"):
        convert_file(given / "pretrained" / BIN, out, network=TINY)
    vae = tmp_path / "converted" / "vae" / "x.safetensors"
    assert convert_file(given / "vae" / BIN, vae) == "VAE"
    assert load_vae(vae, vae.with_name("config.json")).config.latent_channels == 4


def test_what_cannot_be_converted_is_refused(folders, tmp_path):
    given, _ = folders
    out = tmp_path / "net.safetensors"
    with pytest.raises(FileNotFoundError, match=r"none\.bin does not exist"):
        convert_file(tmp_path / "none.bin", out)
    torch.save({"something.weight": torch.zeros(2)}, tmp_path / "other.bin")
    with pytest.raises(ValueError, match=r"weights such as 'something\.weight'; accepted: a network or the VAE"):
        convert_file(tmp_path / "other.bin", out)
    (given / "vae" / "config.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"needs its config\.json beside it"):
        convert_file(given / "vae" / BIN, out)
    assert not out.exists()
