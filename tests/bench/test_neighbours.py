import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.bench.metrics import neighbours, precision, precision_recall, recall
from tests.bench.samples import features


def by_loops(points, manifold, k):
    def apart(a, b):
        return np.sqrt(((a - b) ** 2).sum())

    radius = [sorted(apart(a, b) for b in manifold)[k] for a in manifold]
    return np.mean([any(apart(p, m) <= r for m, r in zip(manifold, radius, strict=True)) for p in points])


@given(st.integers(5, 20), st.integers(5, 20), st.integers(1, 4), st.integers(0, 50))
def test_is_the_definition(n, m, k, seed):
    real, fake = features(n, 3, seed), features(m, 3, seed + 1, 0.5)
    ours = precision_recall(real, fake, k=k)
    assert ours.precision == by_loops(fake, real, k)
    assert ours.recall == by_loops(real, fake, k)


def test_equal_sets_cover_each_other_even_with_repeated_points():
    x = np.repeat(features(4, 5), 6, axis=0)
    assert precision_recall(x + 1000, x + 1000) == neighbours.PrecisionRecall(1, 1)
    assert precision_recall(x, x.copy(), mode="official-float16") == neighbours.PrecisionRecall(1, 1)


def test_far_sets_do_not():
    assert precision_recall(features(50), features(50, shift=99)) == neighbours.PrecisionRecall(0, 0)


def test_a_narrow_fake_set_is_precise_but_recalls_little():
    real, fake = features(300, 3), features(300, 3, 1) * 0.1
    assert precision(real, fake) > 0.9
    assert recall(real, fake) < 0.2


def test_swapping_the_sets_swaps_the_shares():
    x, y = features(60), features(50, seed=1, shift=0.3)
    one, two = precision_recall(x, y), precision_recall(y, x)
    # The sets are centred on the first one, which rounding may see; the shares may not.
    assert (one.precision, one.recall) == (two.recall, two.precision)


def test_blocks_do_not_change_the_shares(monkeypatch):
    x, y = features(60), features(50, seed=1, shift=0.3)
    whole = precision_recall(x, y)
    monkeypatch.setattr(neighbours, "_ROWS", 7)
    assert precision_recall(x, y) == whole


def test_bad_input_is_refused():
    x = features(20)
    broken = x.copy()
    broken[4, 0] = np.nan
    for real, fake, options, message in (
        (x, broken, {}, "fake: row 4"),
        (x[:3], x, {}, "real: has 3 rows; accepted: at least 4"),
        (x, x[:7], {"k": 7}, "fake: has 7 rows; accepted: at least 8"),
        (x, features(20, 9), {}, "columns"),
        (x, x, {"k": 0}, "k: is 0"),
        (x + 300, x, {"mode": "official-float16"}, "too large for it; accepted: 'exact'"),
        (x, x, {"mode": "half"}, "mode: is 'half'; accepted: 'exact', 'official-float16'"),
    ):
        with pytest.raises(ValueError, match=message):
            precision_recall(real, fake, **options)
