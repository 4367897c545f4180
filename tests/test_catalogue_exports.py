"""Models by the path of an export: found without PyTorch, loaded for each method of the list, refused in one line."""

import importlib
import json
import subprocess
import sys

import numpy as np
import pytest

from retouch.catalogue import find, load_method
from retouch.exported import LOADABLE
from retouch.methods.base import Needs
from retouch.train.unet.config import UnetConfig

CARD = {
    "method": "unet",
    "variant": "toy",
    "config": UnetConfig(width=4, dilations=(1, 2)).model_dump(mode="json"),
    "networks": ["unet"],
    "averaged": [],
    "dtype": "fp32",
    "steps": 7,
    "images": 14,
    "data": "10 photos of noise",
    "licence": "CC0-1.0",
    "date": "2026-01-01",
    "versions": {},
    "shards": [{"name": "toy.safetensors", "sha256": "0" * 64, "bytes": 0}],
}


def write(folder, name="toy", **changes):
    """A card, and a file of weights beside it that is none."""
    card = folder / f"{name}.json"
    card.write_text(json.dumps({**CARD, **changes}))
    (folder / f"{name}.safetensors").write_bytes(b"")
    return card


def test_every_method_of_the_list_can_be_built():
    for method in LOADABLE.values():
        for place in (method.needs, method.build):
            module, function = place.split(":")
            assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize("name", ["toy.json", "."])
def test_a_card_or_its_folder_is_a_model(tmp_path, name):
    path = write(tmp_path)
    (tmp_path / "config.json").write_text("{}")  # of the run: no weights beside it
    card = find(str(tmp_path / name))
    assert card.name == str(path)
    assert card.weights == path
    assert card.licence == "CC0-1.0"
    assert "toy: 7 steps, 14 images" in card.summary
    assert "10 photos of noise" in card.good_at
    assert card.needs == Needs(multiple=16, smallest=16, native=256)
    assert find(card.name) == card


def test_finding_one_needs_no_torch(tmp_path):
    for method, config in (("unet", CARD["config"]), ("gaussian", {})):
        path = write(tmp_path, method, method=method, config=config)
        code = f"import sys; from retouch.catalogue import find; find({str(path)!r}); sys.exit('torch' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_path_without_an_export_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"model: .*none\.json does not exist; accepted: a model's name, or"):
        find(str(tmp_path / "none.json"))
    with pytest.raises(FileNotFoundError, match=r"holds no export; accepted: a folder with a \.json"):
        find(str(tmp_path))
    write(tmp_path, "a")
    write(tmp_path, "b")
    with pytest.raises(ValueError, match=r"holds a\.json, b\.json; accepted: one of them by name"):
        find(str(tmp_path))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "toy"}, r"toy\.json is of the method 'toy'; accepted: gaussian"),
        ({"config": {"widht": 3}}, r"toy\.json: config\.widht: Extra inputs .*; accepted: settings of 'unet'"),
        ({"format": 2}, r"has format 2; accepted: 1"),
        ({"steps": -1}, r"toy\.json: steps: .*; accepted: the \.json file of an export"),
    ],
)
def test_cards_that_fit_nothing_are_refused(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        find(str(write(tmp_path, **changes)))


def test_an_empty_name_is_no_path():
    with pytest.raises(ValueError, match="model '' is unknown"):
        find("")


def test_missing_torch_is_named(tmp_path, monkeypatch):
    card = find(str(write(tmp_path)))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r"needs the extra 'torch': pip install 'retouch\[torch\]'"):
        load_method(card)


def test_damaged_and_missing_weights_are_named(tmp_path):
    pytest.importorskip("torch")
    card = find(str(write(tmp_path)))
    with pytest.raises(ValueError, match=r"toy\.safetensors: SHA-256 is .*; accepted: 0000"):
        load_method(card)
    (tmp_path / "toy.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"toy\.safetensors, which does not exist"):
        load_method(card)


def test_the_unet_fills_from_its_export(tmp_path):
    pytest.importorskip("torch")
    from retouch.train.events import Trained
    from retouch.train.export import export
    from retouch.train.seeds import seeded
    from retouch.train.unet.recipe import UnetRecipe

    with seeded(0):
        recipe = UnetRecipe(UnetConfig(width=4, dilations=(1, 2)), "toy")
    trained = Trained(1, 1, True, recipe.networks, {}, None)
    export(trained, recipe, tmp_path / "u.json", data="noise", licence="CC0-1.0")
    method = load_method(find(str(tmp_path)), "cpu")
    images = np.random.default_rng(0).random((2, 32, 48, 3), np.float32)
    masks = np.zeros((2, 32, 48), bool)
    masks[:, 8:20, 10:30] = True
    out = method(images, masks, method.needs.options()).images
    assert np.array_equal(out[~masks], images[~masks])
    assert not np.array_equal(out[masks], images[masks])
    assert method.parameters == sum(p.numel() for p in recipe.networks["unet"].parameters())
