"""What the network does with any weights; that it equals the official one is shown in tests/parity."""

import pytest

torch = pytest.importorskip("torch")

from retouch.methods.pixelhacker.attention import (  # noqa: E402
    LowRankGateAttention,
    OuterGateAttention,
    self_attention,
)
from retouch.methods.pixelhacker.config import VARIANTS  # noqa: E402
from retouch.methods.pixelhacker.network import LcgModel  # noqa: E402
from tests.methods.pixelhacker.tiny import TINY, inputs, model  # noqa: E402


@pytest.mark.parametrize("gate", ["low-rank", "outer"])
@pytest.mark.parametrize(("height", "width"), [(8, 12), (7, 9), (2, 2), (1, 1)])
def test_any_size(gate, height, width):
    y = model(gate=gate)(*inputs(height=height, width=width))
    assert y.shape == (2, 3, height, width)
    assert y.isfinite().all()


@pytest.mark.parametrize("gate", ["low-rank", "outer"])
def test_batch_equals_loop(gate):
    network, (x, timesteps, ids) = model(gate=gate).double(), inputs(3, dtype=torch.float64)
    together = network(x, timesteps, ids)
    alone = torch.cat([network(x[i : i + 1], timesteps[i : i + 1], ids[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-11)


def test_all_inputs_matter():
    network, (x, timesteps, ids) = model(), inputs(2)
    y = network(x, timesteps, ids)
    assert (network(x, timesteps + 100, ids) != y).any()
    assert (network(x, timesteps, ids.flip(0)) != y).any()
    for channel in range(7):
        other = x.clone()
        other[:, channel] += 0.1
        assert (network(other, timesteps, ids) != y).any()


def test_context_is_all_of_the_category():
    network, (x, timesteps, ids) = model(), inputs(2)
    context = network.context(ids)
    assert context.shape == (2, 3, 12)
    assert (network.denoise(x, timesteps, context) == network(x, timesteps, ids)).all()
    assert (context[0] != context[1]).all()


def test_one_timestep_for_all():
    network, (x, _, ids) = model(), inputs(2)
    assert (network(x, torch.tensor([500]), ids) == network(x, torch.tensor([500, 500]), ids)).all()


@pytest.mark.parametrize("gate", ["low-rank", "outer"])
def test_every_weight_learns(gate):
    """Every weight gets a gradient, and the embedding's rows only where they are used."""
    network, (x, timesteps, _) = model(gate=gate).train(), inputs(2)
    ids = torch.tensor([TINY.ids("background")] * 2)
    network(x, timesteps, ids).square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []
    rows = network.embedding.weight.grad.abs().sum(1)
    assert (rows[:3] > 0).all()
    assert (rows[3:] == 0).all()


def test_checkpointing_changes_nothing():
    found = []
    for save_memory in (False, True):
        network = model().double().train()
        if save_memory:
            network.enable_gradient_checkpointing()
        network(*inputs(dtype=torch.float64)).square().sum().backward()
        found.append(torch.cat([p.grad.flatten() for p in network.parameters()]))
    assert (found[0] == found[1]).all()


def test_checkpointing_keeps_less():
    def kept(save_memory):
        network, total = model().train(), 0
        if save_memory:
            network.enable_gradient_checkpointing()

        def pack(x):
            nonlocal total
            total += x.numel()
            return x

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
            network(*inputs(height=16, width=16))
        return total

    assert kept(True) < kept(False) / 5


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision(dtype):
    """Weights in half precision, and autocast: near what float32 gives."""
    network, (x, timesteps, ids) = model(), inputs(2)
    with torch.inference_mode():
        y = network(x, timesteps, ids)
        with torch.autocast("cpu", dtype):
            mixed = network(x, timesteps, ids)
        half = network.to(dtype)(x.to(dtype), timesteps, ids)
    assert half.dtype == dtype
    for low in (mixed, half):
        assert (low.float() - y).abs().mean() < 0.05 * y.abs().mean()


def test_first_weights():
    """Xavier for linear layers, as the released code: their bound is sqrt(6 / (in + out)); biases 0; N(0, 1) rows."""
    network = model(embedding_rows=64, embedding_width=64)
    for module in network.modules():
        if isinstance(module, torch.nn.Linear):
            bound = (6 / sum(module.weight.shape)) ** 0.5
            assert 0.7 * bound < module.weight.abs().max() <= bound
            assert module.bias is None or not module.bias.any()
    assert network.embedding.weight.std().item() == pytest.approx(1, abs=0.1)


def test_attention_sees_what_came_before():
    for gate in ("low-rank", "outer"):
        layer = self_attention(32, TINY.model_copy(update={"gate": gate})).double()
        x = torch.randn(1, 20, 32, dtype=torch.float64)
        other = x.clone()
        other[:, 10] += 1
        changed = (layer(x) != layer(other)).any(-1)[0]
        assert not changed[:10].any()
        assert changed[10:].all()


def test_outer_gate_is_the_printed_equation():
    """Eqs. 2 to 4, one head, token after token."""
    layer = OuterGateAttention(16, 1, 16.0).double()
    x = torch.randn(1, 12, 16, dtype=torch.float64)
    state, wanted = torch.zeros(8, 16, dtype=torch.float64), []
    for token in x[0]:
        alpha = torch.sigmoid(layer.alpha(token)) ** (1 / 16)
        beta = torch.sigmoid(layer.beta(token)) ** (1 / 16)
        state = torch.outer(alpha, beta) * state + torch.outer(layer.key(token), layer.value(token))
        r = layer.swish(token)
        wanted.append(layer.output(r * torch.sigmoid(r) * layer.norm(layer.query(token) @ state)))
    torch.testing.assert_close(layer(x)[0], torch.stack(wanted))


def test_heads_are_apart():
    """With one head's values at 0 its channels of the output, before the last layer, are 0; the other's are not."""
    layer = LowRankGateAttention(32, 2, 16.0)
    with torch.no_grad():
        layer.v_proj.weight[:16] = 0
        layer.o_proj.weight.copy_(torch.eye(32))
    y = layer(torch.randn(1, 10, 32))
    assert not y[..., :16].any()
    assert y[..., 16:].all()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("x", lambda x, t, c: (x[:, :6], t, c)),
        ("x", lambda x, t, c: (x[0], t, c)),
        ("timesteps", lambda x, t, c: (x, t.repeat(2), c)),
        ("timesteps", lambda x, t, c: (x, t[0], c)),
        ("context", lambda x, t, c: (x, t, c[:1])),
        ("context", lambda x, t, c: (x, t, c[..., :5])),
    ],
)
def test_shapes_that_do_not_fit(name, change):
    network, (x, timesteps, ids) = model(), inputs(2)
    with pytest.raises(ValueError, match=rf"{name}: has the shape .*; accepted: \["):
        network.denoise(*change(x, timesteps, network.context(ids)))


def test_sizes_of_the_variants():
    with torch.device("meta"):
        sizes = {name: sum(p.numel() for p in LcgModel(v.network).parameters()) for name, v in VARIANTS.items()}
    assert sizes["paper"] == 862_251_708
    assert sizes["small"] < 20_000_000
