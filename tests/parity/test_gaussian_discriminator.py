"""PatchGAN with group normalisation against the official discriminator of 2DGS-inpaint."""

import json

import numpy as np
import pytest

from tests.parity.inputs_of_goldens import PARITY, fill, needs_goldens

torch = pytest.importorskip("torch")

from retouch.train.discriminators.patchgan import PatchDiscriminator  # noqa: E402

pytestmark = needs_goldens


@pytest.fixture(scope="module")
def network():
    keys = json.loads((PARITY / "gaussian" / "manifest.json").read_text())["discriminator"]
    network = PatchDiscriminator("group")
    assert {k: list(v.shape) for k, v in network.state_dict().items()} == keys
    make = fill().fill
    network.load_state_dict({k: torch.from_numpy(make(k, tuple(shape))) for k, shape in keys.items()})
    return network


# Float64 is limited by the golden, which is stored in float32.
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 2e-7)])
def test_logits(network, dtype, tolerance):
    image = 0.5 * fill().uniform("2dgs.image.256", (1, 3, 256, 256)) + 0.5
    with torch.inference_mode():
        logits = network.to(dtype)(torch.from_numpy(image).to(dtype))
    expected = np.load(PARITY / "gaussian" / "discriminator.npz")["logits"]
    np.testing.assert_allclose(logits.numpy(), expected, rtol=0, atol=tolerance)
