"""The spread over tensors equals the one over arrays; gradients stay where they belong."""

import numpy as np
import pytest

from retouch.methods.psm import spread as arrays
from retouch.methods.psm.schedules import SCHEDULES
from retouch.methods.psm.spread import DEFAULT, SpreadSettings
from tests.methods.psm.spreads import inputs, network, noise_of

torch = pytest.importorskip("torch")

from retouch.methods.psm import spread_torch as tensors  # noqa: E402


def both(image, known, settings=DEFAULT, network=network):
    """Steps over arrays and over tensors with the same noise, side by side."""
    noise = noise_of(image, range(len(image)))
    a = arrays.spread(network, image, known, noise, settings)
    given = torch.from_numpy(image), torch.from_numpy(known)
    b = tensors.spread(network, *given, lambda t: torch.from_numpy(noise(t)), settings)
    return zip(a, b, strict=True)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("scaling", ["clip", "minmax"])
@pytest.mark.parametrize("iterations", [1, 2, 5])
def test_equal_in_float64(schedule, scaling, iterations):
    image, known = inputs(4, dtype=np.float64)
    known[1], known[2] = True, False
    settings = SpreadSettings(iterations, 0.1, schedule, scaling)
    for a, b in both(image, known, settings):
        assert a.t == b.t
        np.testing.assert_array_equal(a.known, b.known)
        for name in ("mean", "log_variance", "uncertainty", "image"):
            np.testing.assert_allclose(getattr(b, name), getattr(a, name), rtol=0, atol=1e-12)


def test_equal_in_float32():
    for a, b in both(*inputs()):
        np.testing.assert_array_equal(a.known, b.known)
        assert b.image.dtype == b.uncertainty.dtype == torch.float32
        np.testing.assert_allclose(b.uncertainty, a.uncertainty, rtol=0, atol=1e-6)
        np.testing.assert_allclose(b.image, a.image, rtol=0, atol=1e-6)


def test_equal_where_all_scores_are_equal():
    image, known = inputs()
    for a, b in both(image, known, network=lambda x, *_: (0 * x, 0 * x - 1)):
        np.testing.assert_array_equal(a.known, b.known)


def test_missing_pixels_come_before_known_ones_even_with_an_infinite_score():
    score = torch.tensor([[torch.inf, torch.inf, 1.0, torch.inf]]).view(1, 1, 2, 2)
    m = torch.tensor([True, False, False, False]).view(1, 1, 2, 2)
    assert tensors.pick(score, m, torch.tensor([1])).flatten().tolist() == [True, True, True, False]
    assert tensors.pick(score, m, torch.tensor([0])).all()


def test_half_precision_is_not_ranked_as_such():
    image, known = inputs()

    def half(x, m0, m, u, tau):
        return tuple(value.bfloat16() for value in network(x, m0, m, u, tau))

    noise = noise_of(image, range(3))
    steps = tensors.spread(half, torch.from_numpy(image), torch.from_numpy(known), lambda t: torch.from_numpy(noise(t)))
    assert {value.dtype for step in steps for value in (step.mean, step.log_variance, step.image)} == {torch.float32}


def gradients(detach, of):
    """d sum(of(last step)) / d (bias of the mean, bias of the log-variance)."""
    image, known = (torch.from_numpy(value) for value in inputs(dtype=np.float64))
    biases = torch.zeros(2, dtype=torch.float64, requires_grad=True)

    def biased(x, m0, m, u, tau):
        mean, log_variance = network(x, m0, m, u, tau)
        # Only the first of two iterations has the biases, so what reaches them came through the state.
        return (mean + biases[0], log_variance + biases[1]) if tau == 0 else (mean, log_variance)

    noise = noise_of(image.numpy(), range(3))
    steps = list(
        tensors.spread(
            *(biased, image, known, lambda t: torch.from_numpy(noise(t)), SpreadSettings(2, alpha=0.5)), detach=detach
        )
    )
    value = of(steps).sum()
    return torch.autograd.grad(value, biases, allow_unused=True)[0] if value.requires_grad else None


def test_each_prediction_is_in_the_graph():
    assert gradients(True, lambda steps: steps[0].mean)[0] != 0
    assert gradients(True, lambda steps: steps[0].log_variance)[1] != 0


def test_iterations_are_detached():
    assert gradients(True, lambda steps: steps[1].mean) is None
    assert gradients(True, lambda steps: steps[1].log_variance) is None
    assert gradients(True, lambda steps: steps[0].image) is None
    assert gradients(True, lambda steps: steps[0].uncertainty) is None


def test_on_wish_the_mean_carries_a_gradient_on_but_the_variance_never():
    through = gradients(False, lambda steps: steps[1].mean)
    assert through[0] != 0
    assert through[1] == 0
    assert gradients(False, lambda steps: steps[0].uncertainty) is None


def test_the_network_runs_when_the_next_step_is_asked_for():
    image, known = (torch.from_numpy(value) for value in inputs())
    runs = []

    def counted(x, m0, m, u, tau):
        runs.append(tau)
        return network(x, m0, m, u, tau)

    steps = tensors.spread(counted, image, known, lambda t: torch.zeros_like(image), SpreadSettings(2))
    assert runs == []
    next(steps)
    assert runs == [0]


def test_inputs_that_do_not_fit():
    image, known = (torch.from_numpy(value) for value in inputs())
    with pytest.raises(ValueError, match=r"known: is torch.float32 \(3, 1, 12, 16\); accepted: bool"):
        next(tensors.spread(network, image, known.float(), torch.zeros_like))
    with pytest.raises(ValueError, match=r"image: has the shape \(3, 1, 12, 16\); accepted: \[B, 3, H, W\]"):
        next(tensors.spread(network, image[:, :1], known, torch.zeros_like))
