"""Gated linear attention against flash-linear-attention's kernels and the recurrence in float64."""

import json

import numpy as np
import pytest

from tests.parity.inputs_of_goldens import PARITY, fill, needs_goldens

torch = pytest.importorskip("torch")

from retouch.methods.pixelhacker.attention import LowRankGateAttention  # noqa: E402
from retouch.methods.pixelhacker.gla import chunked, gla, recurrent  # noqa: E402

pytestmark = needs_goldens

FOLDER = PARITY / "pixelhacker"


@pytest.fixture(scope="module")
def golden():
    return np.load(FOLDER / "gla.npz")


def uniform(name, shape):
    return torch.from_numpy(fill().uniform(name, shape))


def close(ours, golden, share):
    """Within a share of the golden's largest value."""
    np.testing.assert_allclose(ours.detach().numpy(), golden, rtol=0, atol=share * np.abs(golden).max())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("name", "batch", "tokens", "channels"), [("big", 2, 96, 320), ("small", 1, 16, 64)])
def test_layer(golden, name, batch, tokens, channels, dtype):
    layer = LowRankGateAttention(channels, 8, 16.0)
    layer.load_state_dict(
        {key: torch.from_numpy(fill().fill(f"gla.{key}", v.shape)) for key, v in layer.state_dict().items()}
    )
    layer.to(dtype)
    x = (2 * uniform(f"gla.{name}.x", (batch, tokens, channels))).to(dtype).requires_grad_()
    y = layer(x)
    y.backward(uniform(f"gla.{name}.dy", (batch, tokens, channels)).to(dtype))
    close(y, golden[f"{name}.y"], 2e-5)
    close(x.grad, golden[f"{name}.dx"], 1e-4)
    close(layer.gk_proj[1].bias.grad, golden[f"{name}.dgk_bias"], 1e-4)


@pytest.mark.parametrize("form", [gla, recurrent, chunked])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("name", "strength"), [("mild", 1), ("harsh", 400)])
def test_operation(golden, name, strength, dtype, form):
    q, k = (uniform(f"gla.op.{which}", (1, 100, 2, 20)).transpose(1, 2).to(dtype) for which in "qk")
    v = uniform("gla.op.v", (1, 100, 2, 40)).transpose(1, 2).to(dtype)
    gate = torch.nn.functional.logsigmoid(strength * uniform("gla.op.g", (1, 100, 2, 20)).to(dtype)) / 16
    assert gate.min() > -0.1 if name == "mild" else gate.min() < -20
    o = form(q * 20**-0.5, k, v, gate.transpose(1, 2))
    close(o.transpose(1, 2), golden[f"op.{name}.y"], 2e-5 if dtype == torch.float32 else 1e-7)


def test_all_are_looked_at(golden):
    layers = [f"{name}.{what}" for name in ("big", "small") for what in ("y", "dx", "dgk_bias")]
    assert set(golden) == {*layers, "op.mild.y", "op.harsh.y"}
    assert "gla.npz" in json.loads((FOLDER / "manifest.json").read_text())["files"]
