"""The exact values are in tests/parity/test_psm_nll.py."""

import math

import pytest

torch = pytest.importorskip("torch")

from retouch.train.losses.likelihood import gaussian_nll, gaussian_nll_map  # noqa: E402

SHAPE = (2, 3, 5, 4)


def case(dtype=torch.float64, shape=SHAPE, low=-10.0, high=2.0):
    """mean in [-1.3, 1.3], log-variance in [low, high], colours of which an eighth lie at either edge."""
    make = torch.Generator().manual_seed(3)
    mean = 2.6 * torch.rand(shape, generator=make, dtype=torch.float64) - 1.3
    log_variance = low + (high - low) * torch.rand(shape, generator=make, dtype=torch.float64)
    level = torch.randint(-32, 288, shape, generator=make).clamp(0, 255)
    return mean.to(dtype), log_variance.to(dtype), (2 * level.double() / 255 - 1).to(dtype)


def plain(mean, log_variance, truth):
    """-log(Phi(b) - Phi(a)) as the paper writes it; fails in the tails."""
    upper = torch.where(truth > 0.999, torch.inf, truth + 1 / 255 - mean) * torch.exp(-log_variance / 2)
    lower = torch.where(truth < -0.999, -torch.inf, truth - 1 / 255 - mean) * torch.exp(-log_variance / 2)
    return -torch.log(torch.special.ndtr(upper) - torch.special.ndtr(lower))


def test_is_the_papers_equation_away_from_the_tails():
    mean, log_variance, truth = case(low=-2)
    torch.testing.assert_close(
        gaussian_nll_map(mean, log_variance, truth), plain(mean, log_variance, truth), rtol=1e-9, atol=0
    )


def test_probabilities_of_all_colours_add_up_to_one():
    truth = (2 * torch.arange(256, dtype=torch.float64) / 255 - 1).reshape(256, 1, 1, 1).expand(-1, 1, 4, 1)
    mean = torch.tensor([-1.2, -0.3, 0.004, 1.0], dtype=torch.float64).reshape(1, 1, 4, 1).expand_as(truth)
    for log_variance in (-13.0, -6.0, 0.0):
        p = torch.exp(-gaussian_nll_map(mean, torch.full_like(mean, log_variance), truth)).sum(0).flatten()
        torch.testing.assert_close(p, torch.ones(4, dtype=torch.float64), rtol=1e-12, atol=0)


def test_gradients():
    mean, log_variance, truth = (x[:1, :, :2] for x in case(low=-4))
    assert torch.autograd.gradcheck(
        lambda m, s: gaussian_nll_map(m, s, truth), (mean.requires_grad_(), log_variance.requires_grad_()), rtol=1e-5
    )


def test_the_loss_sums_over_the_region_and_averages_over_the_batch():
    mean, log_variance, truth = case()
    each = gaussian_nll_map(mean, log_variance, truth)
    region = (torch.rand(2, 1, 5, 4, generator=torch.Generator().manual_seed(0)) < 0.5).double()
    inside = region.bool().expand(SHAPE)
    torch.testing.assert_close(gaussian_nll(mean, log_variance, truth), each.sum() / 2)
    torch.testing.assert_close(gaussian_nll(mean, log_variance, truth, region), each[inside].sum() / 2)
    torch.testing.assert_close(gaussian_nll(mean, log_variance, truth, region.bool()), each[inside].sum() / 2)
    assert float(gaussian_nll(mean, log_variance, truth, 0 * region)) == 0
    parts = [
        gaussian_nll(*part) for part in zip(*(x.split(1) for x in (mean, log_variance, truth, region)), strict=True)
    ]
    torch.testing.assert_close(torch.stack(parts).mean(), gaussian_nll(mean, log_variance, truth, region))


def test_only_the_variance_learns_and_only_in_the_region():
    mean, log_variance, truth = (x.requires_grad_() for x in case())
    region = torch.zeros(2, 1, 5, 4, dtype=torch.float64)
    region[:, :, 1:3] = 1
    gaussian_nll(mean, log_variance, truth, region).backward()
    assert mean.grad is None
    assert truth.grad is None
    assert torch.equal(log_variance.grad != 0, region.bool().expand(SHAPE))


def test_the_variance_falls_where_the_mean_is_right_and_rises_where_it_is_wrong():
    truth = torch.tensor([51.0, 204.0]).reshape(2, 1, 1, 1) / 127.5 - 1
    mean, log_variance = truth.clone(), torch.full_like(truth, -4.0).requires_grad_()
    mean[1] += 1
    gaussian_nll(mean, log_variance, truth).backward()
    assert log_variance.grad[0] > 0 > log_variance.grad[1]


def test_best_variance_is_the_squared_error():
    # At log sigma^2 = log c^2, for c and sigma far above the bin's width, the gradient vanishes.
    truth = torch.full((1, 1, 1, 1), 2 * 140 / 255 - 1, dtype=torch.float64)
    error = 0.4
    log_variance = torch.full_like(truth, math.log(error**2)).requires_grad_()
    gaussian_nll(truth - error, log_variance, truth).backward()
    assert abs(float(log_variance.grad)) < 1e-4


def test_the_form_without_doubles():
    results = []
    for inside in (torch.float64, torch.float32):
        mean, log_variance, truth = case(torch.float32, (8, 3, 40, 40))
        nll = gaussian_nll_map(mean.requires_grad_(), log_variance.requires_grad_(), truth, inside=inside)
        assert nll.dtype == inside
        nll.sum().backward()
        results.append((nll.detach().double(), log_variance.grad.double(), mean.grad.double()))
    (value, by_width, by_position), (value32, by_width32, by_position32) = results
    torch.testing.assert_close(value32, value, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(by_width32, by_width, rtol=2e-4, atol=2e-4)
    torch.testing.assert_close(by_position32, by_position, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("inside", [torch.float64, torch.float32])
@pytest.mark.parametrize("width", [-60.0, -30.0, -16.0, 8.0])
def test_finite_for_any_bounded_variance(inside, width):
    truth = (2 * torch.tensor([0, 0, 1, 128, 128, 254, 255, 255.0]) / 255 - 1).reshape(1, 1, 8, 1)
    mean = torch.tensor([-1.5, 1, -0.9922, 0.00391, 0.2, 0.9922, -1, 1.5]).reshape(1, 1, 8, 1).requires_grad_()
    log_variance = torch.full_like(truth, width).requires_grad_()
    nll = gaussian_nll_map(mean, log_variance, truth, inside=inside)
    nll.sum().backward()
    assert torch.isfinite(nll).all()
    assert (nll >= 0).all()
    assert torch.isfinite(log_variance.grad).all()
    assert torch.isfinite(mean.grad).all()
    if width == -60.0:  # certain: right costs nothing, wrong costs very much
        assert torch.equal(nll.flatten() < 1e-6, torch.tensor([1, 0, 1, 1, 0, 1, 0, 1]).bool())


def test_autocast_and_half_precision_change_nothing_inside():
    mean, log_variance, truth = case(torch.float32)
    mean, log_variance = mean.bfloat16(), log_variance.bfloat16().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        loss = gaussian_nll(mean, log_variance, truth)
    assert loss.dtype == torch.float32
    expected = gaussian_nll(mean.double(), log_variance.detach().double(), truth.double())
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    loss.backward()
    assert log_variance.grad.dtype == torch.bfloat16


def test_wrong_input_is_refused():
    mean, log_variance, truth = case(torch.float32)
    with pytest.raises(
        ValueError, match=r"log_variance: is \[2, 1, 5, 4\] float32; accepted: \[2, 3, 5, 4\] like mean"
    ):
        gaussian_nll(mean, log_variance[:, :1], truth)
    with pytest.raises(ValueError, match=r"truth: is \[1, 3, 5, 4\] float32; accepted: \[2, 3, 5, 4\] like mean"):
        gaussian_nll(mean, log_variance, truth[:1])
    with pytest.raises(ValueError, match=r"region: is \[2, 3, 5, 4\] float32; accepted: \[2, 1, 5, 4\]"):
        gaussian_nll(mean, log_variance, truth, torch.ones(SHAPE))
    with pytest.raises(ValueError, match=r"truth: is torch.bfloat16; accepted: torch.float32 or torch.float64"):
        gaussian_nll(mean, log_variance, truth.bfloat16())
    with pytest.raises(ValueError, match=r"truth: is .* uint8; accepted"):
        gaussian_nll(mean, log_variance, truth.to(torch.uint8))
    with pytest.raises(ValueError, match=r"inside: is torch.float16; accepted: torch.float64 or torch.float32"):
        gaussian_nll(mean, log_variance, truth, inside=torch.float16)


@pytest.mark.parametrize(
    "wrong", [lambda y: (y + 1) / 2, lambda y: y + 0.001, lambda y: 255 * y, lambda y: y + 2, lambda y: y * torch.nan]
)
def test_colours_off_the_grid_are_refused(wrong):
    mean, log_variance, truth = case(torch.float32)
    with pytest.raises(ValueError, match=r"truth: reaches from .* off the grid; accepted: 8-bit colours 2k/255 - 1"):
        gaussian_nll(mean, log_variance, wrong(truth))
