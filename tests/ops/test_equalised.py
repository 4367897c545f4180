"""Layers with equalised learning rate: values, scale at the start, size of a step, second order."""

import math

import pytest

torch = pytest.importorskip("torch")

from retouch.ops.equalised import EqualisedConv2d, EqualisedLinear, leaky_relu  # noqa: E402


def seeded(layer):
    generator = torch.Generator().manual_seed(0)
    for parameter in layer.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    return layer


def test_leaky_relu():
    values = leaky_relu(torch.tensor([-2.0, 0.0, 3.0]))
    assert values.tolist() == pytest.approx([-0.4 * math.sqrt(2), 0, 3 * math.sqrt(2)])


@pytest.mark.parametrize("stride", [1, 2])
def test_convolution(stride):
    layer = seeded(EqualisedConv2d(3, 5, 3, stride=stride))
    x = torch.randn(2, 3, 6, 6, dtype=torch.float64)
    patches = torch.nn.functional.unfold(x, 3, padding=1, stride=stride)  # [B, 27, n]
    expected = layer.weight.flatten(1) @ patches / math.sqrt(27) + layer.bias[:, None]
    torch.testing.assert_close(layer(x).flatten(2), expected)
    assert EqualisedConv2d(3, 5, 3, bias=False).bias is None
    assert EqualisedConv2d(3, 5, 3, padding=0)(x.float()).shape == (2, 5, 4, 4)


@pytest.mark.parametrize("multiplier", [1.0, 0.01])
def test_linear(multiplier):
    layer = EqualisedLinear(400, 300, bias=1.0, multiplier=multiplier)
    torch.manual_seed(0)
    x = torch.randn(50, 400)
    expected = multiplier * (x @ layer.weight.T / 20 + layer.bias)
    torch.testing.assert_close(layer(x), expected)
    assert float((layer(x).detach() - 1).std()) == pytest.approx(1, rel=0.05)  # whatever the multiplier
    assert float((multiplier * layer.bias.detach() - 1).abs().max()) < 1e-6


def test_the_multiplier_slows_adam_down():
    moved = {}
    for multiplier in (1.0, 0.1):
        layer = EqualisedLinear(4, 1, multiplier=multiplier)
        optimiser = torch.optim.Adam(layer.parameters(), lr=1e-3)
        before = layer(torch.ones(1, 4))
        before.sum().backward()
        optimiser.step()
        moved[multiplier] = float((before - layer(torch.ones(1, 4))).detach())
    assert moved[0.1] == pytest.approx(moved[1.0] / 10, rel=1e-2)


def test_gradients_of_second_order():
    x = torch.randn(1, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    convolution, linear = seeded(EqualisedConv2d(2, 2, 3)), seeded(EqualisedLinear(4, 2))
    assert torch.autograd.gradgradcheck(lambda x: convolution(x).square(), x)
    assert torch.autograd.gradgradcheck(lambda x: linear(x).square(), x)


def test_bad_multiplier():
    with pytest.raises(ValueError, match="multiplier: is 0"):
        EqualisedLinear(2, 2, multiplier=0)
