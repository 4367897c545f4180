import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.bench.metrics import kernel, kid, kid_subsets
from tests.bench.samples import features


def by_loops(x, y):
    def k(a, b):
        return (a @ b / len(a) + 1) ** 3

    n, m = len(x), len(y)
    one = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    two = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return one + two - 2 * sum(k(a, b) for a in x for b in y) / (n * m)


@given(st.integers(2, 9), st.integers(2, 9), st.integers(0, 9))
def test_is_the_definition(n, m, seed):
    x, y = features(n, 3, seed), features(m, 3, seed + 1, 0.5)
    assert kid(x, y) == pytest.approx(by_loops(x, y), abs=1e-12, rel=1e-12)


def test_blocks_do_not_change_the_value(monkeypatch):
    x, y = features(50), features(41, seed=1)
    whole = kid(x, y)
    monkeypatch.setattr(kernel, "_ROWS", 7)
    assert kid(x, y) == pytest.approx(whole, abs=1e-13)


def test_subsets_repeat_with_their_seed():
    x, y = features(60), features(50, seed=1, shift=0.3)
    assert kid_subsets(x, y, subsets=5, size=20, seed=3) == kid_subsets(x, y, subsets=5, size=20, seed=3)
    assert kid_subsets(x, y, subsets=5, size=20, seed=3) != kid_subsets(x, y, subsets=5, size=20, seed=4)


def test_subsets_as_large_as_the_sets_are_the_full_value():
    x, y = features(40), features(40, seed=1, shift=0.3)
    ours = kid_subsets(x, y, subsets=3)
    assert ours.mean == pytest.approx(kid(x, y), abs=1e-12)
    assert ours.deviation == pytest.approx(0, abs=1e-12)


def test_bad_input_is_refused():
    x = features(20)
    broken = x.copy()
    broken[0, 0] = np.nan
    for function in (kid, kid_subsets):
        with pytest.raises(ValueError, match="fake: row 0"):
            function(x, broken)
        with pytest.raises(ValueError, match="real: has 1 rows"):
            function(x[:1], x)
        with pytest.raises(ValueError, match="columns"):
            function(x, features(20, 9))
    with pytest.raises(ValueError, match="subsets, size: are 0"):
        kid_subsets(x, x, subsets=0)
    with pytest.raises(ValueError, match="at least 2"):
        kid_subsets(x, x, size=1)
