"""Low-rank adapters: where they are, what learns, and that merged they are the same network."""

import copy

import pytest

torch = pytest.importorskip("torch")

from retouch.methods.pixelhacker.attention import CrossAttention  # noqa: E402
from retouch.methods.pixelhacker.low_rank import ATTENTIONS, adapt, merge  # noqa: E402
from tests.methods.pixelhacker.tiny import inputs, model  # noqa: E402


def learnt(network, seed=0):
    """The adapted network as if it had learnt something."""
    draw = torch.Generator().manual_seed(seed)
    for name, parameter in network.named_parameters():
        if name.endswith(".up"):
            parameter.data = torch.randn(parameter.shape, generator=draw)
    return network


@pytest.mark.parametrize("gate", ["low-rank", "outer"])
def test_fresh_adapters_change_nothing(gate):
    with torch.no_grad():
        before = model(gate=gate)(*inputs())
        assert torch.equal(adapt(model(gate=gate), 2)(*inputs()), before)


@pytest.mark.parametrize("gate", ["low-rank", "outer"])
def test_only_adapters_of_the_attentions_learn(gate):
    network = learnt(adapt(model(gate=gate), 2))
    network(*inputs()).square().mean().backward()
    attentions = {name for name, module in network.named_modules() if isinstance(module, ATTENTIONS)}
    learning = {name for name, p in network.named_parameters() if p.requires_grad}
    assert {name.rpartition(".")[2] for name in learning} == {"down", "up"}
    reached = {place for place in attentions if any(name.startswith(f"{place}.") for name in learning)}
    assert reached == attentions
    assert all(any(name.startswith(f"{place}.") for place in attentions) for name in learning)
    for name, parameter in network.named_parameters():
        assert (parameter.grad is not None and parameter.grad.any()) == (name in learning), name


def test_the_change_has_the_rank():
    one = CrossAttention(16, 12, 2)
    before = one.to_k.weight.detach().clone()
    change = merge(learnt(adapt(one, 3))).to_k.weight.detach() - before
    assert torch.linalg.matrix_rank(change, tol=1e-4) == 3


def test_merged_it_is_the_same_network_with_its_own_names():
    network, plain = learnt(adapt(model(), 2)), model()
    with torch.no_grad():
        before = network(*inputs())
        assert not torch.allclose(before, plain(*inputs()), atol=1e-3)
        merged = merge(network)
        assert merged.state_dict().keys() == plain.state_dict().keys()
        torch.testing.assert_close(merged(*inputs()), before)


def test_gradients_are_the_same_when_activations_are_computed_again():
    kept = learnt(adapt(model(), 2)).train()
    again, found = copy.deepcopy(kept), []
    again.enable_gradient_checkpointing()
    for network in (kept, again):
        network(*inputs()).square().mean().backward()
        found.append([p.grad for p in network.parameters() if p.requires_grad])
    for plain, recomputed in zip(*found, strict=True):
        torch.testing.assert_close(recomputed, plain)


def test_copies_are_independent():
    """As averages over time are."""
    network = learnt(adapt(model(), 2))
    other = copy.deepcopy(network)
    learnt(network, 1)
    with torch.no_grad():
        assert not torch.allclose(network(*inputs()), other(*inputs()), atol=1e-3)


def test_rank_below_one():
    with pytest.raises(ValueError, match="rank: is 0; accepted: from 1 up"):
        adapt(model(), 0)
