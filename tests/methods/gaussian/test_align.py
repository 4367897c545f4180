"""Semantic alignment: the adaptation MLP and the three kinds of bottleneck layers."""

import pytest

torch = pytest.importorskip("torch")

from retouch.methods.gaussian.align import (  # noqa: E402
    AdaLNBlock,
    ConcatBlock,
    PlainBlock,
    adaptation,
    bottleneck,
    normalise,
)
from tests.methods.gaussian.tiny import tiny, tokens  # noqa: E402


@pytest.fixture
def x():
    return 3 + 2 * torch.randn(2, 8, 5, 6, generator=torch.Generator().manual_seed(0))


def test_normalised_over_positions_or_channels(x):
    instance, layer = normalise(x, "instance"), normalise(x, "layer")
    torch.testing.assert_close(instance.mean((2, 3)), torch.zeros(2, 8), rtol=0, atol=1e-5)
    torch.testing.assert_close(instance.var((2, 3)), torch.ones(2, 8), rtol=1e-4, atol=0)
    torch.testing.assert_close(layer, torch.nn.functional.layer_norm(x.movedim(1, 3), (8,), eps=1e-6).movedim(3, 1))


def test_adaln_is_equation_5(x):
    block, token = AdaLNBlock(8, 4, 512, "instance"), tokens(2)
    alpha, beta, gamma = block.factors(token).reshape(2, 3, 8, 1, 1).unbind(1)
    expected = x + gamma * block.convolutions(normalise(x, "instance") * (1 + alpha) + beta)
    torch.testing.assert_close(block(x, token), expected)


def test_without_gamma_the_branch_keeps_its_scale(x):
    block = AdaLNBlock(8, 4, 512, "instance", gamma=False)
    assert block.factors.out_features == 2 * 8
    alpha, beta = block.factors(tokens(2)).reshape(2, 2, 8, 1, 1).unbind(1)
    expected = x + block.convolutions(normalise(x, "instance") * (1 + alpha) + beta)
    torch.testing.assert_close(block(x, tokens(2)), expected)


def test_concatenation_has_as_many_parameters(x):
    count = lambda block: sum(p.numel() for p in block.parameters())  # noqa: E731
    paper = count(AdaLNBlock(512, 16, 768, "instance"))
    assert count(ConcatBlock(512, 16, 768)) == pytest.approx(paper, rel=0.001)
    block = ConcatBlock(8, 4, 512)
    first, second = block(x, tokens(2)), block(x, tokens(2, seed=1))
    assert first.shape == x.shape
    assert (first - second).abs().max() > 1e-3


def test_which_kind_is_built():
    assert isinstance(bottleneck(tiny(), 64), AdaLNBlock)
    assert isinstance(bottleneck(tiny(condition="adaln-no-gamma"), 64), AdaLNBlock)
    assert isinstance(bottleneck(tiny(condition="concat"), 64), ConcatBlock)
    assert isinstance(bottleneck(tiny(semantics="none", condition="concat"), 64), PlainBlock)


def test_adaptation_starts_as_the_released_code():
    made = adaptation(768)
    assert [tuple(p.shape) for p in made.parameters()] == [(3072, 768), (3072,), (768, 3072), (768,)]
    assert not made[0].bias.any()
    assert not made[2].bias.any()
    bound = (6 / (768 + 3072)) ** 0.5  # Xavier-uniform
    assert 0.99 * bound < made[0].weight.abs().max() <= bound
    torch.testing.assert_close(made(tokens(2, 768)), made[2](torch.nn.functional.gelu(made[0](tokens(2, 768)))))
