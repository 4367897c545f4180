"""What training starts from: a release, a converted file, an export; and adapters from the step to the fill."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("accelerate")

from retouch.catalogue import find, load_method  # noqa: E402
from retouch.methods.pixelhacker.config import VARIANTS, Network, PixelHackerConfig, Training  # noqa: E402
from retouch.methods.pixelhacker.network import LcgModel  # noqa: E402
from retouch.methods.pixelhacker.options import PixelHackerOptions  # noqa: E402
from retouch.methods.pixelhacker.recipe import build  # noqa: E402
from retouch.methods.pixelhacker.start import load_start  # noqa: E402
from retouch.ops.codec import Vae  # noqa: E402
from retouch.train.config import Ema, Every, TrainConfig  # noqa: E402
from retouch.train.export import export  # noqa: E402
from retouch.train.loop import train  # noqa: E402
from retouch.train.seeds import seeded  # noqa: E402
from retouch.weights import WeightsMissing, write_tensors  # noqa: E402
from tests.methods.pixelhacker import tiny  # noqa: E402
from tests.methods.pixelhacker.test_exports import PIXELS, write_export  # noqa: E402
from tests.methods.pixelhacker.test_recipe import SIDE, Memory, batch  # noqa: E402
from tests.methods.pixelhacker.tiny_release import TINY, denoiser, write_release  # noqa: E402

PRETRAINED = "pixelhacker/pretrained"


@pytest.fixture(autouse=True)
def weights(tmp_path, monkeypatch):
    """The folder of weights, and no other."""
    monkeypatch.setenv("RETOUCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RETOUCH_WEIGHTS", str(tmp_path))
    monkeypatch.setattr("retouch.weights._from_hub", lambda _: None)
    return tmp_path / "pixelhacker"


def same(network, other):
    ours, theirs = network.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(value, theirs[key]) for key, value in ours.items())


def test_released_weights(weights):
    write_release(weights)
    made = build(PixelHackerConfig(network=TINY, start=PRETRAINED), "own", None)
    assert isinstance(made.codec, Vae)
    network = made.networks["denoiser"]
    assert same(network, denoiser())
    assert network.training
    (optimiser,) = made.optimisers().values()
    assert sum(p.numel() for p in optimiser.param_groups[0]["params"]) == sum(p.numel() for p in network.parameters())


def test_released_weights_that_are_not_here():
    with pytest.raises(WeightsMissing) as caught:
        build(PixelHackerConfig(network=TINY, start=PRETRAINED), "own", None)
    message = str(caught.value)
    assert message.startswith("method.start: model 'pixelhacker/pretrained': weights are not here")
    assert "pretrained/diffusion_pytorch_model.bin" in message
    assert message.endswith("set method.start to null to start afresh")
    assert "\n" not in message


def test_released_weights_of_another_network(weights):
    write_release(weights)
    with pytest.raises(
        ValueError,
        match=r"method\.start: .*diffusion_pytorch_model\.bin: .*\d+ keys are missing.* variant=paper or lora",
    ):
        load_start(PRETRAINED, Network(**TINY.model_dump() | {"layers_per_block": 2}))


@pytest.mark.parametrize("start", [PRETRAINED, "own.safetensors"])
def test_what_is_released_predicts_noise(start):
    network = TINY.model_copy(update={"prediction": "v_prediction"})
    with pytest.raises(ValueError, match=r"method\.start: what is released predicts 'epsilon', network\.prediction is"):
        load_start(start, network)


def test_other_rows_of_the_embedding_are_drawn_anew(weights):
    """Table 7."""
    write_release(weights)
    network = load_start(PRETRAINED, TINY.model_copy(update={"embedding_rows": 64}))
    assert network.embedding.weight.shape == (64, TINY.embedding_width)
    network.embedding = released = denoiser().embedding
    assert same(network, denoiser())
    assert released.weight.shape[0] == 20


def test_a_converted_file(tmp_path):
    file = tmp_path / "own.safetensors"
    write_tensors(denoiser(3).state_dict(), file)
    assert same(load_start(str(file), TINY), denoiser(3))


def test_an_export(tmp_path):
    card = write_export(tmp_path, PixelHackerConfig(network=PIXELS, space="pixel", size=64), PIXELS)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # as `write_export`
        written = LcgModel(PIXELS)
    made = build(PixelHackerConfig(network=PIXELS, space="pixel", size=64, start=card), "own", None)
    assert same(made.networks["denoiser"], written)


def test_an_export_of_another_network(tmp_path):
    card = write_export(tmp_path, PixelHackerConfig(network=TINY), TINY)
    wanted = Network(**TINY.model_dump() | {"layers_per_block": 2, "block_out_channels": (64, 64)})
    said = (
        r"method\.start: .*own\.json has network\.block_out_channels \[32, 64\]; accepted: that of method\.network, "
        r"\[64, 64\]; or set method\.network\.block_out_channels=\[32, 64\], method\.network\.layers_per_block=1$"
    )
    with pytest.raises(ValueError, match=said):
        load_start(card, wanted)


def test_an_export_of_another_method(tmp_path):
    card = tmp_path / "own.json"
    write_export(tmp_path, PixelHackerConfig(network=TINY), TINY)
    content = json.loads(card.read_text())
    card.write_text(json.dumps(content | {"method": "psm"}))
    with pytest.raises(ValueError, match=r"method\.start: .*own\.json is of method 'psm'; accepted: 'pixelhacker'"):
        load_start(str(card), TINY)


@pytest.mark.parametrize("name", ["none.json", "none.safetensors"])
def test_a_file_that_is_not_there(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=rf"method\.start: .*{name} does not exist"):
        load_start(str(tmp_path / name), TINY)


@pytest.mark.parametrize("start", ["pixelhacker/places", "own.bin", ""])
def test_something_else(start):
    with pytest.raises(
        ValueError, match=rf"method\.start: is '{start}'; accepted: pixelhacker/pretrained, .*, or null"
    ):
        load_start(start, TINY)


def test_variants_that_start_from_the_release():
    """Section 4.2: all but the first set-up, and Table 7; and what is not the paper's own."""
    starts = {name: config.start for name, config in VARIANTS.items()}
    assert starts["paper"] is None
    assert starts["small"] is None
    assert {name for name, start in starts.items() if start == PRETRAINED} == {
        *("paper-places2", "paper-celebahq", "paper-ffhq"),
        *("paper-rows-64", "paper-rows-256", "paper-rows-1024", "lora"),
    }


def adapted(card):
    config = PixelHackerConfig(
        network=tiny.TINY, size=SIDE, space="pixel", steps=2, start=card, training=Training(rate=2e-2, lora_rank=2)
    )
    with seeded(1):
        return build(config, "own", None)


def trained(made, out, steps):
    every = Every(log=0, checkpoint=0, sheet=0, validation=0)
    settings = TrainConfig(out=out, steps=steps, batch=8, device="cpu", every=every, ema=Ema(decay=0.5))
    return train(made, Memory(), settings)


def test_adapters_are_trained_stopped_exported_and_fill(tmp_path):
    """The base is left as it was; a run in two parts gives what one gives; the model fills what the recipe fills."""
    base = PixelHackerConfig(network=tiny.TINY, space="pixel", size=SIDE)
    start = write_export(tmp_path, base, tiny.TINY)
    plain = load_start(start, tiny.TINY).state_dict()
    done = trained(adapted(start), tmp_path / "whole", 6)
    trained(adapted(start), tmp_path / "parts", 3)
    again = adapted(start)
    trained(again, tmp_path / "parts", 6)
    assert same(again.networks["denoiser"], done.networks["denoiser"])
    for name, value in again.networks["denoiser"].state_dict().items():
        if not name.endswith((".up", ".down")):
            assert torch.equal(value, plain[name.replace("parametrizations.weight.original", "weight")]), name
    card = tmp_path / "adapted.json"
    export(done, again, card, data="colours", licence="CC0-1.0", dtype="fp32")

    given = batch([100, 101])
    images, masks = given.photos.permute(0, 2, 3, 1).numpy(), given.holes[:, 0].numpy() > 0

    def filled(path):
        method = load_method(find(str(path)), "cpu")
        return method(images, masks, PixelHackerOptions(iterations=2), seeds=[100, 101]).images

    expected = again.fill(done.best, given.photos, given.holes, given.seeds).permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(filled(card), expected, atol=1e-4)
    assert np.abs(filled(card) - filled(start)).max() > 1e-3
    on = load_start(str(card), tiny.TINY)  # merged: all of it learns again
    assert on.state_dict().keys() == plain.keys()
    assert not same(on, load_start(start, tiny.TINY))
