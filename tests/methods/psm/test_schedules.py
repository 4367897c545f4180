"""Shares of the hole that are still missing."""

import math

import pytest

from retouch.methods.psm.schedules import SCHEDULES, shares


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("iterations", [1, 2, 3, 7, 100])
def test_shares_fall_to_nothing(name, iterations):
    missing = shares(name, iterations)
    assert len(missing) == iterations
    assert all(before > after for before, after in zip((1.0, *missing), missing, strict=False))
    assert missing[-1] == 0


def test_formulas_half_way():
    assert shares("linear", 2)[0] == 0.5
    assert shares("cosine", 2)[0] == pytest.approx(math.sqrt(0.5), rel=1e-15)
    assert shares("cubic", 2)[0] == 0.875
    assert shares("sqrt", 2)[0] == pytest.approx(1 - math.sqrt(0.5), rel=1e-15)


def test_a_function_is_a_schedule_too():
    assert shares(lambda r: (1 - r) ** 2, 4) == (0.5625, 0.25, 0.0625, 0.0)
    assert shares(lambda r: 0.5, 4) == (0.5, 0.5, 0.5, 0.0)  # may pause; whatever it says of the end, nothing is left


@pytest.mark.parametrize("iterations", [0, -3])
def test_no_iterations(iterations):
    with pytest.raises(ValueError, match=f"iterations: is {iterations}; accepted: 1 or more"):
        shares("linear", iterations)


def test_unknown_name():
    with pytest.raises(ValueError, match="schedule: 'quadratic' is unknown; accepted: linear, cosine, cubic, sqrt"):
        shares("quadratic", 4)


@pytest.mark.parametrize(
    ("gamma", "message"),
    [
        (lambda r: 0.2 + 0.5 * r, r"from 0.325 to 0.45 in iteration 2 of 4"),
        (lambda r: 1.5 - r, r"from 1 to 1.25 in iteration 1 of 4"),
        (lambda r: 0.6 - r, r"from 0.1 to -0.15 in iteration 3 of 4"),
        (lambda r: math.nan, r"from 1 to nan in iteration 1 of 4"),
    ],
)
def test_a_schedule_that_grows_or_leaves_its_range(gamma, message):
    with pytest.raises(ValueError, match=message):
        shares(gamma, 4)
