"""Exports and their cards."""

import json
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from torch import nn  # noqa: E402

from retouch.train.card import read_card, shard_files  # noqa: E402
from retouch.train.config import TrainConfig  # noqa: E402
from retouch.train.events import Trained  # noqa: E402
from retouch.train.export import export, load_export, start_from  # noqa: E402
from retouch.train.loop import train  # noqa: E402
from retouch.weights import file_hash  # noqa: E402

from .recipes import GanRecipe, L1Recipe, Memory  # noqa: E402

WORDS = {"data": "10 photos of noise", "licence": "CC0-1.0"}


@pytest.fixture
def trained(tmp_path):
    recipe = GanRecipe()
    return recipe, train(recipe, Memory(), TrainConfig(out=tmp_path / "run", steps=3, batch=4, device="cpu"))


def make(network):
    """A recipe and a finished run of one network."""
    recipe = L1Recipe()
    recipe.networks = {"unet": network}
    return recipe, Trained(1, 1, True, recipe.networks, {}, None)


def test_an_export_reads_back(tmp_path, trained):
    recipe, run = trained
    card = export(run, recipe, tmp_path / "toy.json", dtype="fp32", **WORDS)
    assert read_card(tmp_path / "toy.json") == card
    assert (card.method, card.variant, card.config) == ("toy", "tiny", {"side": 8})
    assert (card.steps, card.images, card.data, card.licence) == (3, 12, "10 photos of noise", "CC0-1.0")
    assert (card.networks, card.averaged) == (("generator",), ("generator",))
    assert [s.name for s in card.shards] == ["toy.safetensors"]
    assert {"retouch", "torch"} <= card.versions.keys()
    read = load_export(tmp_path / "toy.json").networks["generator"]
    average = run.averages["generator"].state_dict()
    assert read.keys() == average.keys()
    assert all(torch.equal(read[key], average[key]) for key in average)
    assert not torch.equal(read["last.weight"], run.networks["generator"].last.weight)


def test_half_precision_is_half_the_size_and_reads_as_float32(tmp_path, trained):
    recipe, run = trained
    sizes = [export(run, recipe, tmp_path / f"{t}.json", dtype=t, **WORDS).shards[0].bytes for t in ("fp16", "fp32")]
    assert sizes[0] < 0.65 * sizes[1]
    read = load_export(tmp_path / "fp16.json").networks["generator"]["last.weight"]
    assert read.dtype == torch.float32
    assert torch.allclose(read, run.averages["generator"].last.weight, rtol=1e-3, atol=1e-6)


def test_shards_keep_to_their_size_and_read_back(tmp_path):
    network = nn.Sequential(nn.Linear(40, 50), nn.BatchNorm1d(50), nn.Linear(50, 7))
    recipe, run = make(network)
    card = export(run, recipe, tmp_path / "toy.json", dtype="fp32", shard_bytes=4000, **WORDS)
    sizes = [(tmp_path / shard.name).stat().st_size for shard in card.shards]
    assert len(sizes) > 2
    assert max(sizes) <= 4000
    assert card.shards[0].name == f"toy-1-of-{len(sizes)}.safetensors"
    read = load_export(tmp_path / "toy.json").networks["unet"]
    for key, tensor in network.state_dict().items():
        assert torch.equal(read[key], tensor)
        assert read[key].dtype == tensor.dtype
    with pytest.raises(ValueError, match=r"shard_bytes: is 250; accepted: more than a row of unet/0.weight"):
        export(run, recipe, tmp_path / "small.json", dtype="fp32", shard_bytes=250, **WORDS)
    assert not (tmp_path / "small.json").exists()


def test_weights_that_fp16_cannot_hold_are_refused(tmp_path):
    network = nn.Linear(1, 1)
    nn.init.constant_(network.bias, 7e4)
    recipe, run = make(network)
    with pytest.raises(ValueError, match=r"dtype: unet/bias has values up to 7e\+04 that fp16 cannot hold"):
        export(run, recipe, tmp_path / "toy.json", **WORDS)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"card": "toy.safetensors"}, ValueError, "card: is 'toy.safetensors'; accepted: a name that ends in .json"),
        ({"networks": ["encoder"]}, ValueError, "networks: is .'encoder'.; accepted: some of generator, discriminator"),
        ({"networks": []}, ValueError, "networks: is .."),
        ({"card": "old.json"}, FileExistsError, "old.json exists already"),
    ],
)
def test_wrong_exports_are_refused(tmp_path, trained, changes, error, message):
    (tmp_path / "old.json").write_text("")
    settings = {"card": "toy.json", **changes}
    with pytest.raises(error, match=message):
        export(trained[1], trained[0], tmp_path / settings.pop("card"), **settings, **WORDS)


def test_a_run_starts_from_an_export_with_generator_and_discriminator(tmp_path, trained):
    recipe, run = trained
    both = ("generator", "discriminator")
    export(run, recipe, tmp_path / "toy.json", networks=both, dtype="fp32", **WORDS)
    fresh = GanRecipe()
    assert start_from(fresh, tmp_path / "toy.json") == both
    for name in both:
        for a, b in zip(fresh.networks[name].parameters(), run.best[name].parameters(), strict=True):
            assert torch.equal(a, b)
    config = TrainConfig(out=tmp_path / "next", steps=1, batch=4, device="cpu", start_from=tmp_path / "toy.json")
    first = train(GanRecipe(), Memory(), config)
    alone = train(fresh, Memory(), config.model_copy(update={"out": tmp_path / "alone", "start_from": None}))
    for a, b in zip(first.networks["generator"].parameters(), alone.networks["generator"].parameters(), strict=True):
        assert torch.equal(a, b)


def test_an_export_of_something_else_is_no_start(tmp_path, trained):
    recipe, run = trained
    export(run, recipe, tmp_path / "toy.json", **WORDS)
    with pytest.raises(ValueError, match="has generator; accepted: some of unet"):
        start_from(L1Recipe(), tmp_path / "toy.json")
    other = GanRecipe()
    other.describe = lambda: {"method": "psm", "variant": "x", "config": {}}
    with pytest.raises(ValueError, match="is of method 'toy'; accepted: 'psm'"):
        start_from(other, tmp_path / "toy.json")


def test_cards_and_files_are_checked(tmp_path, trained):
    recipe, run = trained
    path = tmp_path / "toy.json"
    card = export(run, recipe, path, **WORDS)
    with pytest.raises(FileNotFoundError, match=r"card: .*none.json does not exist"):
        read_card(tmp_path / "none.json")
    text = path.read_text()
    for changed, message in (("{", "the file: Invalid JSON"), (text.replace('"fp16"', '"fp8"'), "dtype: ")):
        path.write_text(changed)
        with pytest.raises(ValueError, match=f"card: .*{message}"):
            read_card(path)
    path.write_text(json.dumps({**json.loads(text), "format": 2}))
    with pytest.raises(ValueError, match="has format 2; accepted: 1"):
        read_card(path)
    path.write_text(json.dumps({**json.loads(text), "shards": [{**card.shards[0].model_dump(), "name": "../x"}]}))
    with pytest.raises(ValueError, match=r"card: .*shards.0.name"):
        read_card(path)
    path.write_text(text)
    weights = tmp_path / "toy.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    with pytest.raises(ValueError, match="SHA-256"):
        load_export(path)
    weights.write_bytes(b"no safetensors")
    shard = {"name": weights.name, "sha256": file_hash(weights), "bytes": weights.stat().st_size}
    path.write_text(json.dumps({**json.loads(text), "shards": [shard]}))
    with pytest.raises(ValueError, match=r"toy.safetensors: is not a readable safetensors file"):
        load_export(path)
    weights.unlink()
    with pytest.raises(FileNotFoundError, match=r"card: names .*toy.safetensors, which does not exist"):
        shard_files(path, card)


def test_reading_a_card_needs_no_torch():
    code = "import sys, retouch.train.card, retouch.train.config; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_tensor_of_no_network_is_refused(tmp_path, trained):
    from safetensors.torch import load_file, save_file

    recipe, run = trained
    card, weights = tmp_path / "toy.json", tmp_path / "toy.safetensors"
    export(run, recipe, card, dtype="fp32", **WORDS)
    save_file(load_file(weights) | {"extra": torch.zeros(1)}, weights)
    content = json.loads(card.read_text())
    content["shards"][0] |= {"sha256": file_hash(weights), "bytes": weights.stat().st_size}
    card.write_text(json.dumps(content))
    accepted = "hold extra; accepted: those below generator"
    with pytest.raises(ValueError, match=rf"card: the weights of .*toy\.json {accepted}"):
        load_export(card)
