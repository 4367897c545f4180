from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.bench.study.intervals import Z, bootstrap, sign_test, wilson


@pytest.mark.parametrize(("chosen", "of"), [(0, 10), (1, 10), (5, 10), (10, 10), (37, 40), (1577, 4000)])
def test_the_ends_of_wilsons_interval_are_where_the_score_test_turns(chosen, of):
    # Its definition: all shares s with |chosen/of - s| <= z sqrt(s (1 - s) / of); the ends solve a quadratic equation.
    share = chosen / of
    a, b, c = 1 + Z**2 / of, -(2 * share + Z**2 / of), share**2
    ends = sorted((-b + sign * sqrt(b * b - 4 * a * c)) / (2 * a) for sign in (-1, 1))
    found = wilson(chosen, of)
    assert (found.low, found.high) == pytest.approx(ends, abs=1e-12)


def test_wilsons_interval_of_a_textbook_case():
    found = wilson(5, 10)
    assert (found.low, found.high) == pytest.approx((0.236593, 0.763407), abs=1e-6)


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_wilsons_interval_holds_the_share_and_stays_inside(case):
    chosen, of = case
    found = wilson(chosen, of)
    assert 0 <= found.low <= chosen / of <= found.high <= 1
    mirrored = wilson(of - chosen, of)
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((found.low, found.high), abs=1e-12)


@given(st.integers(1, 60).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_sign_test_adds_up_what_is_as_rare_or_rarer(case):
    chosen, of = case
    rare = sum(comb(of, k) for k in range(of + 1) if comb(of, k) <= comb(of, chosen))
    assert sign_test(chosen, of) == pytest.approx(float(Fraction(rare, 2**of)), rel=1e-12)


def test_the_sign_test_of_many_answers_is_a_number():
    assert sign_test(2000, 4000) == 1.0
    assert 0 < sign_test(1700, 4000) < 1e-15


def test_the_bootstrap_draws_people_not_answers():
    # Ten people who always agree with themselves: as sure as ten answers, not as four hundred.
    people = bootstrap([40] * 5 + [0] * 5, [40] * 10)
    answers = wilson(200, 400)
    assert people.low < 0.25 < answers.low
    assert answers.high < 0.75 < people.high


def test_the_bootstrap_against_all_possible_draws():
    chosen, of = np.array([3, 1, 0]), np.array([4, 4, 2])
    draws = np.array(list(product(range(3), repeat=3)))  # [27, 3]
    shares = np.sort(chosen[draws].sum(1) / of[draws].sum(1))  # [27]
    # One draw in 27 has three times the last, so more than 2.5 % lie at each end.
    found = bootstrap(chosen.tolist(), of.tolist())
    assert (found.low, found.high) == (shares[0], shares[-1]) == (0.0, 0.75)


def test_the_bootstrap_is_the_same_every_time_and_ignores_who_answered_nothing():
    one = bootstrap([3, 1, 2, 0, 4], [4, 4, 4, 4, 4])
    assert one == bootstrap([3, 1, 2, 0, 4], [4, 4, 4, 4, 4])
    assert one == bootstrap([3, 0, 1, 2, 0, 4], [4, 0, 4, 4, 4, 4])


@pytest.mark.parametrize(("chosen", "of"), [([], []), ([3], [4]), ([3, 0], [4, 0])])
def test_one_person_says_nothing_about_others(chosen, of):
    assert bootstrap(chosen, of) is None


@pytest.mark.parametrize(("chosen", "of"), [(1, 0), (-1, 3), (4, 3)])
def test_impossible_counts_are_refused(chosen, of):
    for function in (wilson, sign_test):
        with pytest.raises(ValueError, match=f"chosen: is {chosen} of {of}"):
            function(chosen, of)
    with pytest.raises(ValueError, match="chosen: does not fit"):
        bootstrap([chosen, 1], [of, 1])


def test_lists_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="chosen: does not fit"):
        bootstrap([1], [1, 2])
