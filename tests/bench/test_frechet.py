import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.bench.metrics import RankDeficiencyWarning, Statistics, fid
from tests.bench.samples import features


def test_of_equal_sets_is_zero():
    x = features(100)
    assert fid(x, x) == pytest.approx(0, abs=1e-10)


def test_of_a_shift_is_its_squared_length():
    x = features(100, 4)
    assert fid(x, x + np.array([1.0, 2, 0, 2])) == pytest.approx(9, rel=1e-12)


def test_of_a_stretch():
    """Covariance C against 4 C: tr(C + 4 C - 2 * 2 C) = tr C."""
    x = features(100, 4)
    x -= x.mean(axis=0)
    assert fid(x, 2 * x) == pytest.approx(np.trace(np.cov(x, rowvar=False, ddof=0)), rel=1e-12)


@given(st.integers(0, 100))
def test_is_symmetric_and_does_not_see_rotations(seed):
    x, y = features(60, 5, seed), features(80, 5, seed + 1, 0.3) * 1.5
    turn = np.linalg.qr(features(5, 5, seed))[0]
    assert fid(x, y) == pytest.approx(fid(y, x), rel=1e-9)
    assert fid(x @ turn, y @ turn) == pytest.approx(fid(x, y), rel=1e-9)


def test_divisors_differ():
    x, y = features(30, 4), features(30, 4, 1) * 2
    assert fid(x, y, divisor="n-1") > fid(x, y, divisor="n")


def test_from_statistics_is_the_same():
    x, y = features(600, 6), features(700, 6, 1, 0.2)
    assert fid(Statistics.of(x), Statistics.of(y)) == fid(x, y)
    halves = Statistics.of(x[:300]).merge(Statistics.of(x[300:]))
    assert fid(halves, y) == pytest.approx(fid(x, y), rel=1e-12)


def test_half_precision_features_are_summed_in_double():
    x, y = features(300, 6).astype(np.float32), features(300, 6, 1).astype(np.float32)
    assert fid(x, y) == fid(x.astype(np.float64), y.astype(np.float64))


@pytest.mark.parametrize(("n", "m"), [(8, 20), (20, 8), (5, 5)])
def test_too_few_images_for_the_features_warn(n, m):
    with pytest.warns(RankDeficiencyWarning, match=r"images for 8 features"):
        fid(features(n), features(m, seed=1))


def test_enough_images_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fid(features(9), features(9, seed=1)) > 0


def test_bad_input_is_refused():
    x = features(20)
    broken = x.copy()
    broken[3, 2] = np.inf
    for real, fake, message in (
        (broken, x, "real: row 3"),
        (x, broken, "fake: row 3"),
        (x[:1], x, "real: has 1 rows; accepted: at least 2"),
        (Statistics.of(x[:1]), x, "real: has 1 rows"),
        (x, features(20, 9), "fake: has 9 columns; accepted: 8"),
        (x[0], x, "real: is float64"),
        (x.astype(int), x, "real: is int"),
        (x.tolist(), x, "real: is list"),
        (Statistics.of(x, "a"), Statistics.of(x, "b"), "features of 'b'; accepted: 'a'"),
    ):
        with pytest.raises(ValueError, match=message):
            fid(real, fake)
    with pytest.raises(ValueError, match="divisor"):
        fid(x, x, divisor="n+1")
