"""Modulated convolution: one convolution for the batch against one set of weights for each sample."""

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402

from retouch.methods.psm.style import ModulatedConv2d  # noqa: E402
from retouch.ops.fir import blur  # noqa: E402

B, INSIDE, OUTSIDE, STYLE = 3, 5, 4, 6


def layer(**options):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = ModulatedConv2d(INSIDE, OUTSIDE, 3, STYLE, **options).double()
        torch.nn.init.normal_(made.conv.bias)
    return made


def fed():
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(B, INSIDE, 6, 9, generator=draw, dtype=torch.float64)
    return x.requires_grad_(), torch.randn(B, STYLE, generator=draw, dtype=torch.float64).requires_grad_()


def grouped(made, x, style):
    """As the papers write it: weights w' = s w / |s w| of every sample, convolved in groups."""
    s = style @ made.affine.weight.T * made.affine.gain + made.affine.bias
    w = made.conv.weight * made.conv.gain * s[:, None, :, None, None]  # [B, outside, inside, k, k]
    if made.demodulate:
        w = w / (w.square().sum((2, 3, 4), keepdim=True) + 1e-8).sqrt()
    together = x.reshape(1, -1, *x.shape[2:])  # [1, B * inside, H, W]
    if made.up:
        w = w.transpose(1, 2).flatten(0, 1)  # [B * inside, outside, k, k]
        y = blur(F.conv_transpose2d(together, w, stride=2, groups=B), padding=1, gain=4)
    else:
        y = F.conv2d(together, w.flatten(0, 1), padding=1, groups=B)
    return y.reshape(B, OUTSIDE, *y.shape[2:]) + made.conv.bias[:, None, None]


@pytest.mark.parametrize("options", [{}, {"up": True}, {"demodulate": False}, {"up": True, "demodulate": False}])
def test_equals_the_grouped_form(options):
    made = layer(**options)
    x, style = fed()
    ours, theirs = made(x, style), grouped(made, x, style)
    assert ours.shape == (B, OUTSIDE, *((12, 18) if options.get("up") else (6, 9)))
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)
    weights = torch.randn(ours.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    to = [x, style, *made.parameters()]
    for a, b in zip(
        torch.autograd.grad((ours * weights).sum(), to),
        torch.autograd.grad((theirs * weights).sum(), to),
        strict=True,
    ):
        assert a.abs().max() > 0
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("demodulate", [True, False])
def test_demodulation_takes_the_scale_of_the_style_out(demodulate):
    made = layer(demodulate=demodulate)
    x, style = fed()
    before = made(x, style)
    with torch.no_grad():
        made.affine.weight.mul_(3)
        made.affine.bias.mul_(3)
    assert torch.allclose(made(x, style), before, rtol=1e-6, atol=1e-6) == demodulate


def test_a_style_of_zeros_is_a_plain_convolution():
    made = layer(demodulate=False)
    x, style = fed()
    torch.testing.assert_close(made(x, torch.zeros_like(style)), made.conv(x))
