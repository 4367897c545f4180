"""The adaptive weight against gradients worked out by hand."""

import pytest

torch = pytest.importorskip("torch")

from retouch.train.losses.adaptive import adaptive_weight  # noqa: E402


@pytest.fixture
def last():
    return torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)


def test_it_is_the_ratio_of_the_gradients_lengths(last):
    weight = adaptive_weight((last * torch.tensor([3.0, 4.0])).sum(), 0.5 * last[0], last)
    assert float(weight) == pytest.approx(5 / (0.5 + 1e-4))
    assert not weight.requires_grad


def test_with_it_both_losses_pull_equally_hard(last):
    reconstruction, adversarial = (last**3).sum(), -(last.sin() * 1e3).sum()
    weight = adaptive_weight(reconstruction, adversarial, last)
    # Both graphs are still there for the backward pass.
    pulls = [torch.autograd.grad(loss, last)[0].norm() for loss in (reconstruction, weight * adversarial)]
    assert float(pulls[0]) == pytest.approx(float(pulls[1]), rel=1e-6)


def test_it_is_clamped(last):
    assert float(adaptive_weight(1e3 * last.sum(), 1e-9 * last.sum(), last)) == 1e4
    assert float(adaptive_weight(1e3 * last.sum(), 1e-9 * last.sum(), last, largest=7)) == 7
    assert float(adaptive_weight(0 * last.sum(), last.sum(), last)) == 0


def test_a_loss_that_does_not_depend_on_the_layer(last):
    other = torch.ones(1, requires_grad=True)
    with pytest.raises(ValueError, match="adversarial: does not depend on last"):
        adaptive_weight(last.sum(), other.sum(), last)
    with pytest.raises(ValueError, match="reconstruction: does not depend on last"):
        adaptive_weight(torch.tensor(1.0), last.sum(), last)
