"""PixelHacker's network against the official code, with weights made from the parameters' names."""

import json

import numpy as np
import pytest

from tests.parity.inputs_of_goldens import PARITY, fill, needs_goldens

torch = pytest.importorskip("torch")

from retouch.methods.pixelhacker.config import Network, variant  # noqa: E402
from retouch.methods.pixelhacker.convert import our_name  # noqa: E402
from retouch.methods.pixelhacker.network import LcgModel  # noqa: E402
from tests.methods.pixelhacker.tiny import released  # noqa: E402

pytestmark = needs_goldens

FOLDER = PARITY / "pixelhacker"
REDUCED = Network(block_out_channels=(32, 64, 64, 64), cross_attention_dim=48, embedding_width=96)
CASES = {"sq": (16, 16, 900), "rect": (16, 24, 50), "odd": (20, 12, 349)}
IDS = torch.tensor([REDUCED.ids("foreground"), REDUCED.ids("background")])


def manifest(name):
    return json.loads((FOLDER / "manifest.json").read_text())[name]


def build(name, config):
    make = fill().fill
    tensors = {key: torch.from_numpy(make(key, shape)) for key, shape in manifest(name)["state_dict"].items()}
    return released(tensors, config)


def given(tag, height, width):
    x = torch.from_numpy(fill().uniform(f"{tag}.x", (2, 9, height, width)) * np.float32(1.7))
    x[:, 4:5] = (x[:, 4:5] > 0).float()
    return x


def close(ours, golden, tolerance):
    np.testing.assert_allclose(ours.detach().numpy(), golden, rtol=0, atol=tolerance)


@pytest.fixture(scope="module")
def reduced():
    return np.load(FOLDER / "reduced.npz")


@pytest.mark.parametrize("tag", CASES)
def test_reduced(reduced, tag):
    height, width, timestep = CASES[tag]
    model = build("reduced", REDUCED)
    with torch.inference_mode():
        y = model(given(f"reduced.{tag}", height, width), torch.tensor([timestep]), IDS)
    close(y, reduced[f"{tag}.y"], 5e-3)
    assert np.abs(y.numpy() - reduced[f"{tag}.y"]).mean() < 2e-5  # but for the first rows it is far closer


@pytest.mark.parametrize("save_memory", [False, True])
def test_reduced_gradients(reduced, save_memory):
    model = build("reduced", REDUCED)
    if save_memory:
        model.train().enable_gradient_checkpointing()  # there is no dropout: training computes the same
    x = given("reduced.sq", 16, 16).requires_grad_()
    y = model(x, torch.tensor([900]), IDS)
    (y * torch.from_numpy(fill().uniform("reduced.dy", tuple(y.shape)))).sum().backward()
    close(x.grad, reduced["sq.dx"], 5e-3 * np.abs(reduced["sq.dx"]).max())
    close(model.embedding.weight.grad, reduced["sq.dembed"], 5e-3 * np.abs(reduced["sq.dembed"]).max())
    parameters = dict(model.named_parameters())
    order = [our_name(key) for key in manifest("reduced")["param_order"]]
    norms = [parameters[name].grad.norm().item() for name in order]
    # With one channel in a group of its norm a bias has no effect: what is left of its gradient is rounding.
    np.testing.assert_allclose(norms, reduced["sq.grad_norms"], rtol=2e-3, atol=1e-3)
    assert set(parameters) - set(order) <= {"embedding.weight"}


@pytest.mark.slow
def test_full():
    """862 million parameters: 4.4 GB of memory."""
    golden = np.load(FOLDER / "full.npz")
    model = build("full", variant("paper").network)
    assert sum(p.numel() for p in model.parameters()) == manifest("full")["parameters"]
    taps = {"conv_in": model.unet.conv_in, "time": model.unet.time_embedding, "ctx": model.projection}
    taps |= {f"{way}{i}": b for way in ("down", "up") for i, b in enumerate(getattr(model.unet, f"{way}_blocks"))}
    taps["mid"] = model.unet.mid_block
    found = {}
    for name, module in taps.items():
        # A level of the way down gives all that the way up looks back at; its own result is the last.
        module.register_forward_hook(
            lambda _, given, out, name=name: found.update({name: out[-1] if isinstance(out, list) else out})
        )
    with torch.inference_mode():
        y = model(given("full", 32, 32), torch.tensor([900]), IDS).numpy()
    for wanted in (golden["y"], golden["y64"]):
        assert np.abs(y - wanted).mean() < 1e-3
        assert np.abs(y - wanted).max() < 3e-2
    assert set(found) == {key.split(".")[1] for key in golden if key.startswith("tap.")}
    for name, value in found.items():
        head, largest = value.flatten(1)[:, :256].numpy(), golden[f"tap.{name}.stat"][2]
        # Beyond the first attentions, the first rows' values jump with the last bits of their inputs.
        tolerance = 1e-3 if name in ("conv_in", "time", "ctx", "down0") else 2e-2
        np.testing.assert_allclose(head, golden[f"tap.{name}.head"], rtol=0, atol=tolerance * largest)
        stat = [value.mean().item(), value.std(correction=0).item(), value.abs().max().item()]
        np.testing.assert_allclose(stat, golden[f"tap.{name}.stat"], rtol=1e-3, atol=1e-3)


def test_manifest():
    with torch.device("meta"):
        ours = {name: list(v.shape) for name, v in LcgModel(variant("paper").network).state_dict().items()}
    assert ours == {our_name(key): shape for key, shape in manifest("full")["state_dict"].items()}
