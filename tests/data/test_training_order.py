"""Order of photos and places of steps."""

from functools import partial

import numpy as np
import pytest

from retouch.data.training.order import Epochs, generator, order, positions, stream


def test_an_epoch_is_a_permutation():
    first, second = order(100, 0, 5), order(100, 1, 5)
    assert sorted(first) == sorted(second) == list(range(100))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, order(100, 0, 6))
    assert np.array_equal(first, order(100, 0, 5))


@pytest.mark.parametrize("epoch", range(5))
def test_weights_are_kept_to_within_one(epoch):
    weights = np.random.default_rng(epoch).random(50) ** 3
    weights[[0, 20, 49]] = 0
    times = np.bincount(order(50, epoch, 0, weights), minlength=50)
    assert (np.abs(times - 50 * weights / weights.sum()) < 1).all()
    assert (times[[0, 20, 49]] == 0).all()


def test_processes_divide_a_batch_in_order():
    whole = positions(7, 12)
    assert list(whole) == list(range(84, 96))
    assert [p for rank in range(3) for p in positions(7, 12, rank, 3)] == list(whole)


def test_no_place_is_left_out_or_repeated():
    assert [p for step in range(5) for p in positions(step, 4)] == list(range(20))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((0, 10, 0, 3), "batch: is 10; accepted: a multiple of the 3 processes"),
        ((0, 6, 3, 3), "rank: is 3; accepted: 0 to 2, there being 3 processes"),
        ((-1, 6), "step: is -1"),
        ((0, 0), "batch: is 0"),
        ((0, 1, 0, 0), "processes: is 0"),
    ],
)
def test_bad_numbers(given, message):
    with pytest.raises(ValueError, match=message):
        positions(*given)


@pytest.mark.parametrize(("given", "message"), [((0, 0, 0), "n: is 0"), ((5, -1, 0), "epoch"), ((5, 0, -1), "seed")])
def test_bad_orders(given, message):
    with pytest.raises(ValueError, match=message):
        order(*given)


def test_generators_of_other_keys_are_others():
    drawn = {generator(*key).integers(1 << 60) for key in ((0, 1), (0, 2), (1, 1), (0, 1, 0), (0, 1, 1))}
    assert len(drawn) == 5


def test_epochs_follow_each_other_in_their_own_orders():
    places = Epochs(5, partial(order, 5, seed=3))
    found = [places[position] for position in (0, 4, 5, 11, 2)]
    assert [(epoch, place) for epoch, place, _ in found] == [(0, 0), (0, 4), (1, 0), (2, 1), (0, 2)]
    assert all(k == order(5, epoch, 3)[place] for epoch, place, k in found)
    assert sorted(places[position][2] for position in range(5, 10)) == [0, 1, 2, 3, 4]


def test_a_stream_goes_on_without_end_and_refuses_at_once():
    steps = stream(3, 4, rank=1, processes=2)
    assert [next(steps) for _ in range(3)] == [positions(step, 4, 1, 2) for step in (3, 4, 5)]
    with pytest.raises(ValueError, match="batch: is 3; accepted: a multiple of the 2 processes"):
        stream(0, 3, processes=2)
