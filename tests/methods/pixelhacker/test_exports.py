"""Exports of `retouch train pixelhacker` as models."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from safetensors.torch import save_file  # noqa: E402

from retouch.catalogue import find, load_method  # noqa: E402
from retouch.methods.pixelhacker.config import Network, PixelHackerConfig  # noqa: E402
from retouch.methods.pixelhacker.method import NETWORK  # noqa: E402
from retouch.methods.pixelhacker.network import LcgModel  # noqa: E402
from retouch.weights import WeightsMissing, file_hash  # noqa: E402
from tests.methods.pixelhacker.tiny_release import TINY, write_release  # noqa: E402

PIXELS = Network(**TINY.model_dump() | {"in_channels": 7, "out_channels": 3})


def write_export(folder, config, network):
    """The card and the weights of an export."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        tensors = {f"{NETWORK}/{key}": value.contiguous() for key, value in LcgModel(network).state_dict().items()}
    file = folder / "own.safetensors"
    save_file(tensors, file)
    card = {
        "method": "pixelhacker",
        "variant": "own",
        "config": config.model_dump(mode="json"),
        "networks": [NETWORK],
        "averaged": [],
        "dtype": "fp32",
        "steps": 1,
        "images": 1,
        "data": "noise",
        "licence": "CC0-1.0",
        "date": "2026-01-01",
        "versions": {},
        "shards": [{"name": file.name, "sha256": file_hash(file), "bytes": file.stat().st_size}],
    }
    path = folder / "own.json"
    path.write_text(json.dumps(card))
    return str(path)


def fill(method, side):
    images = np.random.default_rng(0).random((1, side, side, 3), np.float32)
    masks = np.zeros((1, side, side), bool)
    masks[0, 4:9, 5:11] = True
    images[masks] = 0
    filled = method(images, masks, method.needs.options(iterations=2), seeds=[1]).images
    assert np.array_equal(filled[~masks], images[~masks])
    return filled[masks]


def test_one_that_denoises_pixels_needs_no_vae(tmp_path):
    card = find(write_export(tmp_path, PixelHackerConfig(network=PIXELS, space="pixel", size=64), PIXELS))
    assert (card.needs.multiple, card.needs.native, card.needs.stochastic) == (1, 64, True)
    assert card.needs.smallest == 2
    assert fill(load_method(card), 14).std() > 0


def test_one_that_denoises_latents_takes_the_released_vae(tmp_path, monkeypatch):
    monkeypatch.setenv("RETOUCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RETOUCH_WEIGHTS", str(tmp_path))
    monkeypatch.setattr("retouch.weights._from_hub", lambda _: None)
    card = find(write_export(tmp_path, PixelHackerConfig(network=TINY), TINY))
    assert (card.needs.multiple, card.needs.native, card.needs.smallest) == (8, 512, 16)
    with pytest.raises(WeightsMissing, match=r"PixelHacker's VAE: weights are not here.*vae/config\.json"):
        load_method(card)
    write_release(tmp_path / "pixelhacker")
    assert fill(load_method(card), 16).std() > 0
