"""FIR filters against a plain reference, their symmetries, their gradients of second order."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from retouch.ops.fir import BINOMIAL, blur, downsample2, upsample2  # noqa: E402

LONG = (0.1, -0.2, 0.5, 1.0, 0.7, 0.2)


def plain(row, taps, up, down, before, after, gain):
    """One row: zeros put between, zeros put around, every `down`-th sum of taps times what they lie on."""
    spread = np.zeros(len(row) * up)
    spread[::up] = row
    padded = np.concatenate([np.zeros(before), spread, np.zeros(after)])
    h = np.array(taps) / sum(taps) * gain
    sums = [(padded[i : i + len(h)] * h).sum() for i in range(len(padded) - len(h) + 1)]
    return np.array(sums[::down])


def along_both(x, **how):
    return np.apply_along_axis(plain, 3, np.apply_along_axis(plain, 2, x, **how), **how)


@pytest.fixture
def x():
    return torch.rand(2, 3, 8, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("taps", [BINOMIAL, LONG, (1.0, 1.0)])
def test_against_the_plain_reference(x, taps):
    half = len(taps) // 2
    same = {"rtol": 0, "atol": 1e-12}
    expected = along_both(x.numpy(), taps=taps, up=1, down=2, before=half - 1, after=half - 1, gain=1)
    np.testing.assert_allclose(downsample2(x, taps).numpy(), expected, **same)
    expected = along_both(x.numpy(), taps=taps[::-1], up=2, down=1, before=half, after=half - 1, gain=2)
    np.testing.assert_allclose(upsample2(x, taps).numpy(), expected, **same)
    expected = 3 * along_both(x.numpy(), taps=taps, up=1, down=1, before=2, after=2, gain=1)
    np.testing.assert_allclose(blur(x, 2, taps, gain=3).numpy(), expected, **same)


def test_a_ramp_keeps_its_place():
    ramp = torch.arange(16, dtype=torch.float64).expand(1, 1, 16, 16)
    halved = downsample2(ramp)[0, 0, 4, 1:-1]
    assert halved.tolist() == pytest.approx([2 * i + 0.5 for i in range(1, 7)])  # between the pixels 2i and 2i + 1
    doubled = upsample2(ramp)[0, 0, 8, 2:-2]
    assert doubled.tolist() == pytest.approx([(j - 0.5) / 2 for j in range(2, 30)])


def test_doubling_is_the_transpose_of_halving_times_4(x):
    y = torch.rand(2, 3, 4, 5, dtype=torch.float64)
    assert (downsample2(x) * y).sum().item() == pytest.approx((x * upsample2(y)).sum().item() / 4)


def test_gradients_of_second_order(x):
    small = x[:1, :1, :4, :4].requires_grad_()
    for what in (downsample2, upsample2, lambda x: blur(x, 2)):
        assert torch.autograd.gradgradcheck(lambda x, what=what: what(x).square(), small)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: downsample2(torch.zeros(1, 1, 7, 8)), "even height"),
        (lambda: downsample2(torch.zeros(1, 1, 8, 8), (1, 2, 1)), "even number"),
        (lambda: upsample2(torch.zeros(1, 1, 8, 8), (1, 2, 1)), "even number"),
        (lambda: upsample2(torch.zeros(8, 8)), r"\[B, C, H, W\]"),
        (lambda: blur(torch.zeros(1, 1, 8, 8), 1, (1, -1)), "sum is not 0"),
        (lambda: blur(torch.zeros(1, 1, 8, 8), 1, ()), "sum is not 0"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()
