import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.bench.metrics import Accumulator, Statistics
from tests.bench.samples import features


def test_mean_and_covariance_are_numpys():
    x = features(1300, 5) + 100
    ours = Statistics.of(x)
    np.testing.assert_allclose(ours.mean, x.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(ours.covariance("n-1"), np.cov(x, rowvar=False), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(ours.covariance("n"), np.cov(x, rowvar=False, ddof=0), rtol=1e-11, atol=1e-13)


def test_a_large_mean_costs_no_digits():
    x = features(1000, 3)
    near, far = Statistics.of(x), Statistics.of(x + 1e6)
    np.testing.assert_allclose(far.covariance(), near.covariance(), rtol=1e-8, atol=1e-9)


@given(st.lists(st.integers(0, 700), min_size=1, max_size=6), st.integers(0, 5))
def test_batches_change_no_digit(sizes, seed):
    x = features(sum(sizes) + 1, 3, seed)
    accumulator = Accumulator(3)
    start = 0
    for size in [*sizes, 1]:
        accumulator.add(x[start : start + size])
        start += size
    ours, whole = accumulator.statistics(), Statistics.of(x)
    assert ours.count == whole.count == len(x)
    assert (ours.mean == whole.mean).all()
    assert (ours.scatter == whole.scatter).all()


@given(st.integers(1, 1500), st.integers(1, 1500), st.integers(0, 5))
def test_merged_parts_are_the_whole(n, m, seed):
    x = features(n + m, 4, seed)
    whole, merged = Statistics.of(x), Statistics.of(x[:n]).merge(Statistics.of(x[n:]))
    assert merged.count == whole.count
    np.testing.assert_allclose(merged.mean, whole.mean, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(merged.scatter, whole.scatter, rtol=1e-12, atol=1e-12 * np.abs(whole.scatter).max())


def test_looking_does_not_disturb():
    x = features(700, 3)
    accumulator = Accumulator(3)
    accumulator.add(x[:100])
    accumulator.statistics()
    accumulator.add(x[100:])
    assert (accumulator.statistics().scatter == Statistics.of(x).scatter).all()


def test_memory_does_not_grow_with_the_rows():
    def peak(rows):
        accumulator = Accumulator(64)
        batch = features(250, 64)
        tracemalloc.start()
        for _ in range(rows // 250):
            accumulator.add(batch)
        accumulator.statistics()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(20_000) < 1.2 * peak(2_000)


def test_saved_and_loaded(tmp_path):
    file = tmp_path / "real.safetensors"
    ours = Statistics.of(features(30, 4), "inception:6726")
    ours.save(file)
    back = Statistics.load(file)
    assert (back.count, back.extractor) == (30, "inception:6726")
    assert (back.mean == ours.mean).all()
    assert (back.scatter == ours.scatter).all()
    assert [f.name for f in tmp_path.iterdir()] == ["real.safetensors"]


def test_an_existing_file_is_kept(tmp_path):
    file = tmp_path / "real.safetensors"
    Statistics.of(features(30, 4)).save(file)
    with pytest.raises(FileExistsError, match="overwrite"):
        Statistics.of(features(9, 4)).save(file)
    assert Statistics.load(file).count == 30
    Statistics.of(features(9, 4)).save(file, overwrite=True)
    assert Statistics.load(file).count == 9


@pytest.mark.parametrize("content", [b"", b"no statistics", b"\x80\x04pickle" * 9])
def test_a_damaged_file_is_refused(tmp_path, content):
    file = tmp_path / "real.safetensors"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"real\.safetensors holds no feature statistics"):
        Statistics.load(file)


def test_another_safetensors_file_is_refused(tmp_path):
    from safetensors.numpy import save_file

    file = tmp_path / "weights.safetensors"
    save_file({"count": np.array([3]), "mean": np.zeros(2), "scatter": np.zeros((3, 3))}, file)
    with pytest.raises(ValueError, match="damaged"):
        Statistics.load(file)
    save_file({"weight": np.zeros(3)}, file)
    with pytest.raises(ValueError, match="holds no feature statistics"):
        Statistics.load(file)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        Statistics.load(tmp_path / "none")


def test_sets_that_do_not_fit_are_not_merged():
    with pytest.raises(ValueError, match="columns"):
        Statistics.of(features(9, 4)).merge(Statistics.of(features(9, 5)))
    with pytest.raises(ValueError, match="'b'; accepted: 'a'"):
        Statistics.of(features(9), "a").merge(Statistics.of(features(9), "b"))


def test_bad_rows_are_refused_and_leave_the_sums_alone():
    accumulator = Accumulator(3)
    accumulator.add(features(5, 3))
    before = accumulator.statistics()
    with pytest.raises(ValueError, match="row 1 has NaN"):
        accumulator.add(np.array([[1.0, 2, 3], [1, np.nan, 3]]))
    with pytest.raises(ValueError, match="columns"):
        accumulator.add(features(5, 4))
    assert accumulator.statistics().count == before.count == 5


def test_no_rows_and_other_divisors_are_refused():
    with pytest.raises(ValueError, match="0 rows"):
        Accumulator(3).statistics()
    with pytest.raises(ValueError, match=r"divisor: is 'n-2'"):
        Statistics.of(features(5)).covariance("n-2")
    with pytest.raises(ValueError, match="at least 2 rows"):
        Statistics.of(features(1)).covariance("n-1")
