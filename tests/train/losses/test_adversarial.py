"""Adversarial losses at known logits, and which way they push."""

import math

import pytest

torch = pytest.importorskip("torch")

from retouch.train.losses.adversarial import (  # noqa: E402
    hinge_discriminator,
    hinge_generator,
    non_saturating_discriminator,
    non_saturating_generator,
)

REAL, FAKE = torch.tensor([[2.0], [0.5], [-1.0]]), torch.tensor([[-3.0], [0.0], [1.0]])


def softplus(x):
    return math.log1p(math.exp(x))


def test_hinge():
    assert float(hinge_discriminator(REAL, FAKE)) == pytest.approx((0 + 0.5 + 2) / 3 + (0 + 1 + 2) / 3)
    assert float(hinge_generator(FAKE)) == pytest.approx(2 / 3)


def test_non_saturating():
    expected = sum(softplus(-x) for x in (2, 0.5, -1)) / 3 + sum(softplus(x) for x in (-3, 0, 1)) / 3
    assert float(non_saturating_discriminator(REAL, FAKE)) == pytest.approx(expected)
    assert float(non_saturating_generator(FAKE)) == pytest.approx(sum(softplus(x) for x in (3, 0, -1)) / 3)


def test_non_saturating_is_the_papers_logarithm_and_does_not_overflow():
    d = torch.sigmoid(FAKE.double())
    assert float(non_saturating_generator(FAKE.double())) == pytest.approx(float(-d.log().mean()))
    assert float(non_saturating_generator(torch.tensor([-1e4]))) == pytest.approx(1e4)


@pytest.mark.parametrize("loss", [hinge_generator, non_saturating_generator])
def test_the_generator_wants_higher_logits(loss):
    logits = FAKE.clone().requires_grad_()
    loss(logits).backward()
    assert (logits.grad < 0).all()


@pytest.mark.parametrize("loss", [hinge_discriminator, non_saturating_discriminator])
def test_the_discriminator_wants_real_above_fake(loss):
    real, fake = torch.zeros(2, 1, 3, 3, requires_grad=True), torch.zeros(2, 1, 3, 3, requires_grad=True)
    loss(real, fake).backward()
    assert (real.grad < 0).all()
    assert (fake.grad > 0).all()


def test_hinge_leaves_what_is_beyond_the_margin():
    real, fake = torch.full((2, 1), 1.5, requires_grad=True), torch.full((2, 1), -1.5, requires_grad=True)
    loss = hinge_discriminator(real, fake)
    loss.backward()
    assert float(loss.detach()) == 0
    assert not real.grad.any()
    assert not fake.grad.any()
