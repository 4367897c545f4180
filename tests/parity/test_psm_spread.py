"""PSM's schedules and spread against trajectories computed from the paper's equations in float64."""

import json

import numpy as np
import pytest

from retouch.methods.psm.schedules import ROUNDING, SCHEDULES, shares
from retouch.methods.psm.spread import SpreadSettings, pick, predict, sample, spread, uncertainty
from tests.parity.inputs_of_goldens import PARITY, needs_goldens

pytestmark = needs_goldens

RUNS = [("linear", 4), ("cosine", 3), ("linear", 2)]


@pytest.fixture(scope="module")
def golden():
    return np.load(PARITY / "psm" / "trajectory.npz")


def test_every_trajectory_is_looked_at(golden):
    assert {name.split("_t")[0] for name in golden if "_t" in name} == {f"{name}{count}" for name, count in RUNS}


def network_of(golden, run):
    """The golden's predictions, told by their time step alone."""
    steps = int(run[-1])

    def network(x, m0, m, u, tau):
        t = round(tau * steps) + 1
        return golden[f"{run}_t{t}_mu"], golden[f"{run}_t{t}_log_var"]

    return network


@pytest.mark.parametrize(("schedule", "iterations"), RUNS)
def test_trajectory(golden, schedule, iterations):
    run = f"{schedule}{iterations}"
    settings = SpreadSettings(iterations, float(golden["alpha"]), schedule)
    known = golden["m0"] == 1
    steps = list(
        spread(network_of(golden, run), golden["x"], known, lambda t: golden[f"{run}_t{t}_z"], settings),
    )
    assert [step.t for step in steps] == list(range(1, iterations + 1))
    for step in steps:
        expected = {name: golden[f"{run}_t{step.t}_{name}"] for name in ("m", "u", "x")}
        np.testing.assert_array_equal(step.known, expected["m"] == 1)
        np.testing.assert_allclose(step.uncertainty, expected["u"], rtol=0, atol=1e-12)
        np.testing.assert_allclose(step.image, np.clip(expected["x"], -1, 1), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("schedule", "iterations"), RUNS)
def test_single_functions_before_clamping(golden, schedule, iterations):
    run = f"{schedule}{iterations}"
    known = golden["m0"] == 1
    m, u = known, 1.0 - known
    holes = np.count_nonzero(~known, axis=(1, 2, 3))
    for t, share in enumerate(shares(schedule, iterations), start=1):
        z = golden[f"{run}_t{t}_z"] if t < iterations else 0
        mean, log_variance, score = predict(network_of(golden, run), golden["x"], known, m, u, t, iterations)
        np.testing.assert_allclose(score, golden[f"{run}_t{t}_score"], rtol=1e-12)
        m = pick(score, m, np.floor(share * holes + ROUNDING).astype(int))
        u = uncertainty(score, known, m, "clip")
        x = sample(golden["x"], known, m, mean + golden["alpha"] * np.exp(log_variance / 2) * z)
        np.testing.assert_array_equal(m, golden[f"{run}_t{t}_m"] == 1)
        np.testing.assert_allclose(u, golden[f"{run}_t{t}_u"], rtol=0, atol=1e-12)
        np.testing.assert_allclose(x, golden[f"{run}_t{t}_x"], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("schedule", "iterations"), RUNS)
def test_trajectory_on_tensors(golden, schedule, iterations):
    torch = pytest.importorskip("torch")
    from retouch.methods.psm import spread_torch

    run = f"{schedule}{iterations}"
    numpy_network = network_of(golden, run)

    def network(x, m0, m, u, tau):
        return tuple(torch.from_numpy(value) for value in numpy_network(x, m0, m, u, tau))

    image, known = torch.from_numpy(golden["x"]), torch.from_numpy(golden["m0"] == 1)
    settings = SpreadSettings(iterations, float(golden["alpha"]), schedule)
    steps = list(
        spread_torch.spread(network, image, known, lambda t: torch.from_numpy(golden[f"{run}_t{t}_z"]), settings)
    )
    assert len(steps) == iterations
    for step in steps:
        np.testing.assert_array_equal(step.known, golden[f"{run}_t{step.t}_m"] == 1)
        np.testing.assert_allclose(step.uncertainty, golden[f"{run}_t{step.t}_u"], rtol=0, atol=1e-12)
        np.testing.assert_allclose(step.image, np.clip(golden[f"{run}_t{step.t}_x"], -1, 1), rtol=0, atol=1e-12)


def test_counts_of_the_schedules():
    cases = json.loads((PARITY / "psm" / "schedules.json").read_text())["cases"]
    assert {case["schedule"] for case in cases} == set(SCHEDULES)
    for case in cases:
        remaining = [int(np.floor(share * case["n0"] + ROUNDING)) for share in shares(case["schedule"], case["T"])]
        picked = (-np.diff([case["n0"], *remaining])).tolist()
        assert (remaining, picked) == (case["remaining"], case["picked"]), case
