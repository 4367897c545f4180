"""What is told of a mask."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from retouch.mask import Mask
from retouch.mask.facts import count_parts, facts


def flooded(hole):
    """The number of parts, by flooding one after the other."""
    left = {(int(y), int(x)) for y, x in np.argwhere(hole)}
    parts = 0
    while left:
        parts += 1
        stack = [left.pop()]
        while stack:
            y, x = stack.pop()
            for near in {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left:
                left.remove(near)
                stack.append(near)
    return parts


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=14)))
def test_parts_are_those_of_flooding(hole):
    assert count_parts(hole) == flooded(hole)


@given(st.integers(0, 2**16), st.floats(0.05, 0.95))
def test_parts_of_noise(seed, share):
    hole = np.random.default_rng(seed).random((25, 31)) < share
    assert count_parts(hole) == flooded(hole)


def test_a_spiral_is_one_part():
    hole = np.zeros((41, 41), bool)
    y = x = 20
    for turn, length in enumerate(range(2, 40, 2)):
        dy, dx = ((0, 1), (1, 0), (0, -1), (-1, 0))[turn % 4]
        for _ in range(length):
            hole[y, x] = True
            y, x = y + dy, x + dx
            if not (0 <= y < 41 and 0 <= x < 41):
                break
        if not (0 <= y < 41 and 0 <= x < 41):
            break
    assert count_parts(hole) == flooded(hole) == 1


@pytest.mark.parametrize(("inverted", "expected"), [(False, False), (True, True)])
def test_polarity(hole, inverted, expected):
    assert facts(Mask(~hole if inverted else hole)).likely_inverted is expected


def test_facts(hole):
    known = facts(Mask(hole))
    assert known.size == (120, 90)
    assert known.coverage == pytest.approx(hole.mean())
    assert known.parts == 1
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    assert known.box == (columns[0], rows[0], len(columns), len(rows))
