"""Feature networks against the official networks' activations, with weights made from the parameters' names."""

import math

import numpy as np
import pytest

from tests.parity.inputs_of_goldens import PARITY, fill, needs_goldens, read

torch = pytest.importorskip("torch")

from retouch.features.inception import LAYERS, Inception, prepare  # noqa: E402
from retouch.features.lpips import Lpips  # noqa: E402
from retouch.features.resize import tf1_bilinear  # noqa: E402

pytestmark = needs_goldens

TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def golden():
    return read("networks.json")


@pytest.fixture(scope="module")
def arrays():
    return np.load(PARITY / "bench" / "networks.npz")


@pytest.fixture(scope="module")
def inception(golden):
    network = Inception(fid=True).eval()
    keys = golden["inception"]["keys"]
    assert {k for k in network.state_dict() if not k.endswith("num_batches_tracked")} == set(keys)
    make = fill().fill
    state = {k: torch.from_numpy(make(k, tuple(s))) * (math.sqrt(2) if len(s) == 4 else 1) for k, s in keys.items()}
    network.load_state_dict(state, strict=False)
    return network


@pytest.fixture(scope="module")
def activations(golden, inception):
    out = {}
    for tag, shape in golden["inception"]["shapes"].items():
        x = np.floor((fill().uniform(f"gold/inception/x{tag}", tuple(shape)) + 1) * 128).astype(np.uint8)
        with torch.inference_mode():
            out[tag] = inception.layers(prepare(torch.from_numpy(x)))
    return out


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("tag", ["a", "b"])
def test_inception(activations, arrays, tag, layer):
    expected = arrays[f"inception_{tag}_{layer}"]
    np.testing.assert_allclose(
        activations[tag][layer].numpy(), expected, rtol=TOLERANCE, atol=TOLERANCE * np.abs(expected).max()
    )


@pytest.mark.parametrize("size", [(9, 11), (3, 4)])
def test_tf1_resize(arrays, size):
    ours = tf1_bilinear(torch.from_numpy(arrays["tf1_resize_in"]), *size).numpy()
    np.testing.assert_allclose(ours, arrays[f"tf1_resize_out_{size[0]}x{size[1]}"], rtol=TOLERANCE, atol=1e-5)


@pytest.fixture(params=["alex", "vgg"])
def lpips(request, golden):
    case = golden["lpips"][request.param]
    network = Lpips(request.param)
    assert {k: list(v.shape) for k, v in network.state_dict().items()} == case["keys"]
    make = fill().fill
    state = network.state_dict()
    for key, shape in case["keys"].items():
        if key.startswith("lin"):
            # The package registers its heads twice; the golden's were filled under the second name.
            state[key] = torch.from_numpy(make(key.replace("lin", "lins.", 1), tuple(shape))).abs()
        elif key.startswith("net."):
            state[key] = torch.from_numpy(make(key, tuple(shape)))
    network.load_state_dict(state)
    return network, case["results"]


@pytest.mark.parametrize("tag", ["a", "b"])
def test_lpips(lpips, tag):
    network, results = lpips
    case = results[tag]
    shape = tuple(case["shape"])
    x = fill().uniform(f"gold/lpips/x{tag}", shape)
    y = np.clip(x + 0.4 * fill().uniform(f"gold/lpips/y{tag}", shape), -1, 1).astype(np.float32)
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    with torch.inference_mode():
        layers, value, wrong = network.layers(x, y), network(x, y), network((x + 1) / 2, (y + 1) / 2)
    np.testing.assert_allclose(layers.numpy().T, case["per_layer"], rtol=TOLERANCE)
    np.testing.assert_allclose(value.numpy(), case["value"], rtol=TOLERANCE)
    np.testing.assert_allclose(value.numpy(), case["normalize"], rtol=TOLERANCE)
    np.testing.assert_allclose(wrong.numpy(), case["wrong_range_0_1_without_normalize"], rtol=TOLERANCE)
