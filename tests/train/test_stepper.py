"""Phases: who gets gradients, piling up, lock-step, loss scales."""

import math

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from torch import nn  # noqa: E402

from retouch.train.processes import Processes  # noqa: E402
from retouch.train.recipe import Phase, frozen  # noqa: E402
from retouch.train.stepper import Stepper, TrainingDiverged  # noqa: E402

ALONE = Processes(0, 1, torch.device("cpu"))


class Scripted:
    """Two one-weight networks; `phases(recipe, part)` is its step."""

    def __init__(self, phases):
        self.a, self.b = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        for network in (self.a, self.b):
            nn.init.ones_(network.weight)
        self.phases = phases

    def step(self, batch, k):
        yield from self.phases(self, batch)

    def stepper(self, **settings):
        make = torch.optim.SGD
        optimisers = {"a": make(self.a.parameters(), lr=1.0), "b": make(self.b.parameters(), lr=1.0)}
        return Stepper(self, optimisers, ALONE, **settings)


X = torch.ones(1, 1)


def test_a_phase_gives_gradients_to_its_own_optimiser_only():
    def phases(recipe, part):
        yield Phase("b", 3 * recipe.b(X).mean(), step=False)
        yield Phase("a", recipe.b(recipe.a(X)).mean())  # passes through b
        assert recipe.b.weight.grad.item() == 3
        assert recipe.a.weight.grad is None
        yield Phase("b", 0.5 * recipe.b(X).mean())

    recipe = Scripted(phases)
    values = recipe.stepper().step([None], 0)
    assert recipe.a.weight.item() == 0  # 1 - 1
    assert recipe.b.weight.item() == -2.5  # 1 - (3 + 0.5), the phase of a left nothing in b
    assert values == {"loss/a": 1.0, "norm/a": 1.0, "loss/b": 3.5, "norm/b": 3.5}


def test_backward_per_phase_sums_to_one_backward():
    def apart(recipe, part):
        for i in range(3):
            yield Phase("a", recipe.a(X * i).square().mean() / 3, step=i == 2)

    def together(recipe, part):
        yield Phase("a", sum(recipe.a(X * i).square().mean() for i in range(3)) / 3)

    one, other = Scripted(apart), Scripted(together)
    assert one.stepper().step([None], 0) == pytest.approx(other.stepper().step([None], 0))
    assert one.a.weight.item() == pytest.approx(other.a.weight.item())


def test_micro_batches_average_losses_and_logs():
    def phases(recipe, part):
        yield Phase("a", part * recipe.a(X).mean(), {"part": part})

    recipe = Scripted(phases)
    values = recipe.stepper().step([1.0, 2.0], 0)
    assert values == {"part": 1.5, "loss/a": 1.5, "norm/a": 1.5}
    assert recipe.a.weight.item() == -0.5


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (Phase("b", X.sum().requires_grad_()), "a phase of 'b'"),
        (Phase("a", X.sum().requires_grad_(), step=False), "step=False"),
        (Phase("a", X.sum().requires_grad_(), {"more": 1.0}), "log of more"),
        (None, "gave the end"),
    ],
)
def test_micro_batches_that_differ_are_refused(second, message):
    def phases(recipe, part):
        phase = second if part else Phase("a", recipe.a(X).mean())
        if phase is not None:
            yield phase

    with pytest.raises(ValueError, match=f"phases: micro-batch 2 gave .*{message}|{message}.*micro-batch 1"):
        Scripted(phases).stepper().step([0, 1], 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda r: Phase("c", r.a(X).mean()), "phase: names optimiser 'c'; accepted: a, b"),
        (lambda r: Phase("a", r.a(X)), r"loss for 'a' has shape \[1, 1\]"),
        (lambda r: Phase("a", r.a(X).mean().detach()), "requires_grad False; accepted"),
        (lambda r: Phase("a", r.b(X).mean()), "loss for 'a' reaches none"),
        (lambda r: Phase("a", r.a(X).mean(), step=False), "step 7 left gradients of a"),
    ],
)
def test_wrong_phases_are_refused(make, message):
    def phases(recipe, part):
        yield make(recipe)

    with pytest.raises(ValueError, match=message):
        Scripted(phases).stepper().step([None], 7)


def test_a_parameter_belongs_to_one_optimiser():
    recipe = Scripted(None)
    recipe.b = recipe.a
    with pytest.raises(ValueError, match="optimisers: 'a' and 'b' share a parameter"):
        recipe.stepper()


def test_gradients_are_clipped_and_their_norm_logged_before():
    def phases(recipe, part):
        yield Phase("a", 4 * recipe.a(X).mean())

    recipe = Scripted(phases)
    values = recipe.stepper(clip=0.5).step([None], 0)
    assert recipe.a.weight.item() == pytest.approx(0.5, abs=1e-5)
    assert values["norm/a"] == 4


def test_an_overflow_of_fp16_skips_the_update_and_lowers_the_scale():
    def phases(recipe, part):
        yield Phase("a", 1e4 * recipe.a(X).float().mean())

    recipe = Scripted(phases)
    # The scaled gradient of 1e4 * 65536 has no place in half precision where the layer's output is half.
    stepper = recipe.stepper(precision="fp16")
    values = stepper.step([None], 0)
    assert recipe.a.weight.item() == 1
    assert "norm/a" not in values
    assert math.isclose(values["loss/a"], 1e4, rel_tol=1e-3)
    assert stepper.scalers["a"].get_scale() == 2**15
    assert stepper.scalers["b"].get_scale() == 2**16
    while recipe.a.weight.item() == 1:
        stepper.step([None], 1)
    assert recipe.a.weight.item() == pytest.approx(1 - 1e4)


def test_overflows_without_end_are_divergence():
    def phases(recipe, part):
        yield Phase("a", recipe.a(X).mean() + (recipe.a.weight * 0).abs().sqrt().sum())

    stepper = Scripted(phases).stepper(precision="fp16")
    for k in range(26):
        stepper.step([None], k)
    with pytest.raises(TrainingDiverged, match="step 26: the gradient of 'a' overflows fp16 at every loss scale"):
        stepper.step([None], 26)


def test_a_loss_that_is_nan_is_divergence_in_fp16_too():
    def phases(recipe, part):
        yield Phase("a", recipe.a(X).mean() * math.nan)

    with pytest.raises(TrainingDiverged, match=r"^step 3: the loss of 'a' is nan"):
        Scripted(phases).stepper(precision="fp16").step([None], 3)


def test_frozen_networks_take_no_gradient_and_thaw():
    recipe = Scripted(None)
    recipe.b.requires_grad_(False)
    with frozen(recipe.a, recipe.b):
        assert not recipe.a(X).requires_grad
    assert recipe.a(X).requires_grad
    assert not recipe.b(X).requires_grad
