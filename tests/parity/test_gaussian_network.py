"""The 2DGS network against the official code's results, with weights made from the parameters' names."""

import json

import numpy as np
import pytest

from tests.parity.inputs_of_goldens import PARITY, fill, needs_goldens

torch = pytest.importorskip("torch")

from retouch.methods.gaussian import network as network_module  # noqa: E402
from retouch.methods.gaussian.config import Network, variant  # noqa: E402
from retouch.methods.gaussian.convert import convert, our_name  # noqa: E402
from retouch.methods.gaussian.head import GaussianHead  # noqa: E402
from retouch.methods.gaussian.network import Generator  # noqa: E402
from retouch.methods.gaussian.semantic import SemanticEncoder, official_dinov2  # noqa: E402
from retouch.weights import fill_module  # noqa: E402

pytestmark = needs_goldens

FOLDER = PARITY / "gaussian"
REDUCED = variant("code").network.model_copy(update={"gaussians": 36, "width": 32, "blocks": 2})


def state(manifest):
    """Weights by the released code's names."""
    make = fill().fill
    tensors = {}
    for key, shape in json.loads((FOLDER / "manifest.json").read_text())[manifest].items():
        gain = 1.5 if key.startswith("feature_map.") and len(shape) == 2 else 1.0
        tensors[key] = torch.from_numpy(make(key, tuple(shape)) * np.float32(gain))
    return tensors


def generator(config, manifest):
    made = Generator(config)
    fill_module(made, convert(state(manifest)), manifest)
    return made.eval()


def masked(size):
    x = 0.5 * torch.from_numpy(fill().uniform(f"2dgs.image.{size}", (1, 3, size, size))) + 0.5  # [1, 3, s, s]
    x[:, :, size // 4 : 3 * size // 4, 3 * size // 8 : 7 * size // 8] = 0
    return x


def token():
    return torch.from_numpy(fill().uniform("2dgs.token", (1, 768)))


def seen(made, x, t, monkeypatch):
    """What comes by on the way through the generator, by the golden's names."""
    found = {}

    def blend(patches, grid, *rest, **named):
        found["ext"] = patches
        return whole(patches, grid, *rest, **named)

    whole = network_module.blend
    monkeypatch.setattr(network_module, "blend", blend)
    made.encoder.leave.register_forward_hook(lambda module, given, out: found.update(enc=out))
    made.encoder.register_forward_hook(lambda module, given, out: found.update(feat=out))
    made.decoder.register_forward_hook(lambda module, given, out: found.update(gaussians=out))
    out = made(x, t)
    found |= {"pred": out.image, "token_mapped": out.token}
    theta = found.pop("gaussians")
    found |= {"mean": theta.mean[0], "chol": theta.cholesky[0], "color": theta.colour[0]}
    return {k: v.detach() for k, v in found.items()}, out.image


def mosaic(patches, grid):
    """[B, P, 3, S, S] to [grid * S, grid * S, 3]."""
    s = patches.shape[-1]
    tiles = patches.reshape(grid, grid, 3, s, s)
    return tiles.permute(0, 3, 1, 4, 2).reshape(grid * s, grid * s, 3)


def close(ours, golden, tolerance):
    np.testing.assert_allclose(ours.numpy(), golden, rtol=0, atol=tolerance)


@pytest.fixture(scope="module")
def reduced():
    return np.load(FOLDER / "generator_reduced.npz")


def test_head():
    head = GaussianHead(variant("code").network).eval()
    tensors = {k.removeprefix("decoder."): v for k, v in convert(state("full")).items() if k.startswith("decoder.")}
    fill_module(head, tensors, "head")
    golden = np.load(FOLDER / "head.npz")
    features = 0.9 * torch.from_numpy(fill().uniform("2dgs.head.feat", (1, 4, 3888)))
    with torch.inference_mode():
        theta = head(features)
        offset = torch.tanh(head.offset(features.unflatten(2, (324, 12))))
        keys = head.covariance.current_keys()
    assert theta.opacity is None
    for name, ours in (("color", theta.colour), ("chol", theta.cholesky), ("mean", theta.mean), ("offset", offset)):
        close(ours[0], golden[name], 5e-6)
    close(keys, golden["keys"], 5e-6)
    assert (head.covariance.dictionary.numpy() == golden["dictionary"]).all()


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 2e-6), (torch.float32, 2e-5)])
def test_reduced_generator(reduced, monkeypatch, dtype, tolerance):
    made = generator(REDUCED, "reduced").to(dtype)
    with torch.no_grad():
        ours, _ = seen(made, masked(64).to(dtype), token().to(dtype), monkeypatch)
    ours["ext"] = mosaic(ours["ext"], 4)
    ours["feat"] = ours["feat"][0]
    for name, value in ours.items():
        golden = reduced[name]
        close(value.reshape(golden.shape), golden, tolerance)


def test_reduced_gradients(reduced, monkeypatch):
    made = generator(REDUCED, "reduced").double()
    _, image = seen(made, masked(64).double(), token().double(), monkeypatch)
    loss = (image * torch.from_numpy(fill().uniform("2dgs.gen.weight", tuple(image.shape)))).sum()
    assert loss.item() == pytest.approx(reduced["loss"].item(), rel=1e-5)
    loss.backward()
    parameters = dict(made.named_parameters())
    checked = set()
    for key, golden in json.loads((FOLDER / "generator_reduced_grads.json").read_text()).items():
        name = our_name(key)
        if golden["norm"] is None:
            assert name is None
            continue
        grad = parameters[name].grad
        dot = (grad * torch.from_numpy(fill().uniform(f"grad.{key}", tuple(grad.shape)))).sum()
        # The last bias of the keys has no gradient: what is left of it is rounding.
        assert grad.norm().item() == pytest.approx(golden["norm"], rel=2e-6, abs=1e-9)
        assert abs(dot.item() - golden["dot"]) <= 2e-6 * golden["norm"] + 1e-9
        checked.add(name)
    assert checked == set(parameters)


def test_full_generator(monkeypatch):
    golden = np.load(FOLDER / "generator_full.npz")
    made = generator(variant("code").network, "full")
    with torch.inference_mode():
        ours, _ = seen(made, masked(256), token(), monkeypatch)
    some = [0, 100, 255]
    close(ours["token_mapped"], golden["token_mapped"], 5e-6)
    close(ours["enc"][:, :, ::8, ::8], golden["enc_s8"], 2e-5)
    close(ours["feat"][:, ::17, ::37], golden["feat_s"], 3e-5)
    close(ours["mean"][some], golden["mean_p"], 5e-6)
    close(ours["chol"][some], golden["chol_p"], 1e-5)
    close(ours["color"][some], golden["color_p"], 5e-5)
    close(mosaic(ours["ext"], 16)[::4, ::4], golden["ext_s4"], 5e-5)
    close(ours["pred"], golden["pred"], 5e-5)


@pytest.mark.filterwarnings("ignore")  # the package warns of its own plans
def test_dinov2():
    pytest.importorskip("transformers")
    make = fill()
    tensors = {}
    for key, shape in json.loads((FOLDER / "manifest.json").read_text())["dino_vitb14"].items():
        value = make.fill(key, tuple(shape))
        if key.endswith(".gamma"):
            value = 0.3 + 0.2 * make.uniform(key, tuple(shape))
        elif key == "pos_embed":
            value = 0.1 * make.uniform(key, tuple(shape))
        tensors[key] = torch.from_numpy(np.asarray(value, np.float32))
    network = official_dinov2(tensors)
    looked_at = []

    def feature(x):
        looked_at.append(x)
        return network(x)

    golden = np.load(FOLDER / "dino.npz")
    close(SemanticEncoder("dinov2", 768, feature)(masked(256)), golden["cls"], 3e-5)
    close(looked_at[0][:, :, ::7, ::7], golden["resized_s7"], 3e-5)


def test_manifest_names():
    with torch.device("meta"):
        ours = Generator(Network()).state_dict()
    theirs = json.loads((FOLDER / "manifest.json").read_text())["full"]
    mapped = {our_name(key): tuple(shape) for key, shape in theirs.items() if our_name(key) is not None}
    assert mapped == {key: tuple(value.shape) for key, value in ours.items()}
    assert {key for key in theirs if our_name(key) is None} == {key for key in theirs if "skip_linear" in key}
