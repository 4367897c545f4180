import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retouch.bench.metrics import ids, p_ids, svm, u_ids
from retouch.bench.metrics.svm import NotConverged, separate
from tests.bench.samples import features


def gradient(plane, x, y):
    rows = np.c_[np.r_[x, y], np.ones(len(x) + len(y))]
    label = np.r_[np.ones(len(x)), -np.ones(len(y))]
    v = np.r_[plane.weights, plane.bias]
    slack = np.maximum(0, 1 - label * (rows @ v))
    return v - 2 * rows.T @ (slack * label)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 12), st.floats(0, 3), st.integers(0, 99))
@settings(max_examples=60)
def test_the_plane_is_the_minimum(n, m, d, shift, seed):
    x, y = features(n, d, seed), features(m, d, seed + 1, shift) * 3
    plane = separate(x, y)
    # The objective is convex: where its gradient vanishes is the minimum.
    assert np.abs(gradient(plane, x, y)).max() < 1e-8 * (n + m) * max(1, np.abs(x).max(), np.abs(y).max())


@pytest.mark.parametrize("shift", [0.0, 0.1, 1.0])
@pytest.mark.parametrize(("n", "d"), [(400, 20), (150, 200)])
def test_scores_are_scikit_learns(n, d, shift):
    linear = pytest.importorskip("sklearn.svm")
    x, y = np.maximum(features(n, d), 0), np.maximum(features(n, d, 1, shift), 0)
    both, label = np.r_[x, y], np.r_[np.ones(n), np.zeros(n)]
    peer = linear.LinearSVC(dual=False, tol=1e-8).fit(both, label)
    score = peer.decision_function(both)
    ours = ids(x, y)
    assert ours.unpaired == pytest.approx(1 - peer.score(both, label), abs=1e-12)
    assert ours.paired == (score[n:] > score[:n]).mean()
    plane = separate(x, y)
    np.testing.assert_allclose(plane.weights, peer.coef_[0], atol=1e-6)
    assert plane.bias == pytest.approx(peer.intercept_[0], abs=1e-6)


def test_blocks_do_not_change_the_scores(monkeypatch):
    x, y = features(100), features(90, seed=1, shift=0.4)
    whole = separate(x, y)
    monkeypatch.setattr(svm, "_ROWS", 7)
    monkeypatch.setattr(svm, "_FEW_ROWS", 5)
    np.testing.assert_allclose(separate(x, y).weights, whole.weights, atol=1e-10)


def test_equal_sets_cannot_be_told_apart():
    x = features(100)
    assert ids(x, x).unpaired == 0.5
    # A tie is no win.
    assert ids(x, x).paired == 0


def test_far_sets_are_told_apart():
    x, y = features(100), features(100, seed=1, shift=9)
    assert (u_ids(x, y), p_ids(x, y)) == (0, 0)


def test_pairs_matter_to_the_paired_score_only():
    x, y = features(100), features(100, seed=1, shift=0.5)
    turned = np.roll(y, 1, axis=0)
    assert u_ids(x, y) == u_ids(x, turned)
    assert p_ids(x, y) != p_ids(x, turned)


def test_sets_of_different_size_have_no_paired_score():
    x, y = features(100), features(90, seed=1)
    assert ids(x, y).paired is None
    assert 0 < u_ids(x, y) <= 0.5
    with pytest.raises(ValueError, match="fake: has 90 rows; accepted: 100"):
        p_ids(x, y)


def test_all_components_change_nothing():
    x, y = features(80, 6), features(80, 6, 1, 0.6)
    x, y = (v - np.r_[x, y].mean(axis=0) for v in (x, y))
    assert ids(x, y, pca=6) == ids(x, y)
    assert ids(x, y, pca=1) != ids(x, y)


def test_bad_input_is_refused():
    x = features(20)
    broken = x.copy()
    broken[4, 0] = np.nan
    for function in (ids, u_ids, p_ids):
        with pytest.raises(ValueError, match="fake: row 4"):
            function(x, broken)
        with pytest.raises(ValueError, match="real: has 1 rows"):
            function(x[:1], x)
        with pytest.raises(ValueError, match="columns"):
            function(x, features(20, 9))
        with pytest.raises(ValueError, match=r"pca: is 9; accepted: 1 to 8"):
            function(x, x, pca=9)


def test_giving_up_is_said():
    with pytest.raises(NotConverged, match="1 steps"):
        separate(features(50), features(50, seed=1), most_steps=1)
