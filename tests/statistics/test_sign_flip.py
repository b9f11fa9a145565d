"""The sign-flip test against scipy's permutation test, enumeration, and its own definition."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import permutation_test

from overfit_cli.statistics.sign_flip import sign_flip

RNG = np.random.default_rng(20240607)
NUMBERS = st.integers(-60, 60).map(lambda whole: whole / 8)
MANY = st.lists(NUMBERS, min_size=1, max_size=11).map(np.array)
SIX = st.lists(NUMBERS, min_size=6, max_size=11).map(np.array)
UNTIED = st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=10, unique=True).map(
    lambda whole: np.array(whole) / 7
)


def by_enumeration(differences: np.ndarray) -> float:
    """Return p by the definition, in whole numbers: differences are multiples of 1/8."""
    whole = [round(8 * value) for value in differences]
    observed = abs(sum(whole))
    flips = list(itertools.product([-1, 1], repeat=len(whole)))
    sums = [abs(sum(s * w for s, w in zip(signs, whole, strict=True))) for signs in flips]
    return sum(each >= observed for each in sums) / len(flips)


@given(MANY)
def test_p_is_the_share_of_flips_at_least_as_far_out(differences):
    assert sign_flip(differences).p == by_enumeration(differences)


@pytest.mark.parametrize("n", [2, 3, 6, 9, 13])
def test_p_against_scipy(n):
    for shift in (0.0, 0.4, 1.5):
        differences = RNG.standard_normal(n) + shift
        theirs = permutation_test(
            (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
        )
        assert sign_flip(differences).p == pytest.approx(theirs.pvalue, rel=1e-12)


@given(SIX, st.integers(-500, 500).map(lambda whole: whole / 8))
def test_the_interval_holds_the_shifts_that_are_not_rejected(differences, shift):
    found = sign_flip(differences)
    assert (found.low <= shift <= found.high) == (by_enumeration(differences - shift) > 0.05)


@given(SIX, st.sampled_from([-1e-6, 0.0, 1e-6]), st.booleans())
def test_the_limits_are_where_rejection_begins(differences, beyond, upper):
    found = sign_flip(differences)
    limit = found.high if upper else found.low
    outwards = 1 if upper else -1
    rejected = sign_flip(differences - (limit + beyond)).p <= 0.05
    assert rejected == (beyond * outwards > 0)


@given(MANY)
def test_zero_lies_outside_exactly_if_p_is_significant(differences):
    found = sign_flip(differences)
    assert (found.low <= 0 <= found.high) == (found.p > 0.05)
    assert found.low <= found.difference <= found.high


@pytest.mark.parametrize("sign", [-1, 1])
def test_p_and_interval_agree_where_rounding_hides_a_zero(sign):
    """Errors in tenths: the limit is 0 in truth, and 5.6e-17 as the means are computed."""
    after = np.array([6, 1, 7, 12, 8, 4, 5]) / 10
    before = np.array([7, 0, 2, 8, 7, 0, 0]) / 10
    found = sign_flip(sign * (after - before))
    assert found.p == by_enumeration(np.array([-1, 1, 5, 4, 1, 4, 5])) == 0.0625
    assert 0.0 in (found.low, found.high)


@given(UNTIED, st.randoms(use_true_random=False), st.sampled_from([1e-9, 0.3, 7.0, 1e8]))
def test_order_sign_and_unit_do_not_matter(differences, random, unit):
    found = sign_flip(differences)
    shuffled = differences.copy()
    random.shuffle(shuffled)
    for other, factor in ((shuffled, 1), (-differences, -1), (unit * differences, unit)):
        again = sign_flip(other)
        assert again.p == found.p
        ends = sorted([factor * found.low, factor * found.high])
        assert [again.low, again.high] == pytest.approx(ends, rel=1e-9, abs=1e-9 * abs(factor))


@given(st.lists(NUMBERS, min_size=1, max_size=8).map(np.array), st.integers(1, 4))
def test_zeros_do_not_move_p(differences, zeros):
    assert sign_flip(np.append(differences, np.zeros(zeros))).p == sign_flip(differences).p


def test_ties_hidden_by_rounding_count_as_ties():
    # three tenths are no multiple of a tenth in binary: sums that are equal in truth differ there
    differences = np.array([0.1, 0.2, -0.3, 0.1, 0.2, 0.3]) / 3
    assert sign_flip(differences).p == by_enumeration(np.array([1, 2, -3, 1, 2, 3]))


@pytest.mark.parametrize("n", range(1, 9))
def test_the_smallest_p_and_the_interval_of_equal_differences(n):
    found = sign_flip(np.full(n, 0.1))
    assert found.p == 2 / 2**n
    limits = (-math.inf, math.inf) if n < 6 else pytest.approx((0.1, 0.1))
    assert (found.low, found.high) == limits


def test_nothing_but_zeros():
    assert sign_flip(np.zeros(7)) == (0.0, 0.0, 0.0, 1.0)
    assert sign_flip(np.zeros(1)) == (0.0, -math.inf, math.inf, 1.0)


def test_twenty_against_the_distribution_of_the_sum():
    """All 2^20 flips: p by convolving the two-point laws of whole differences, one by one."""
    whole = RNG.integers(-9, 15, 20)
    law = {0: 1}
    for value in whole.tolist():
        next_law: dict[int, int] = {}
        for total, ways in law.items():
            for end in (total - value, total + value):
                next_law[end] = next_law.get(end, 0) + ways
        law = next_law
    far = sum(ways for total, ways in law.items() if abs(total) >= abs(whole.sum()))
    assert sign_flip(whole / 3).p == far / 2**20


def test_beyond_twenty_neighbours_flip_together():
    differences = RNG.standard_normal(50) + 0.3
    found = sign_flip(differences)
    pairs = [differences[3 * k : 3 * k + 3].sum() for k in range(10)]
    pairs += [differences[30 + 2 * k : 32 + 2 * k].sum() for k in range(10)]
    # p is that of the 20 sums; the interval's centre is still the mean of all 50
    assert found.p == pytest.approx(sign_flip(np.array(pairs)).p)
    assert found.difference == pytest.approx(differences.mean())
    assert (found.low <= 0 <= found.high) == (found.p > 0.05)
    shifted = [sign_flip(differences - found.low + step).p for step in (-1e-6, 1e-6)]
    assert shifted[0] > 0.05 >= shifted[1]


def test_beyond_twenty_close_to_t_for_normal_differences():
    for n in (21, 40, 100):
        differences = RNG.standard_normal(n)
        found = sign_flip(differences)
        half = 2.09 * differences.std(ddof=1) / np.sqrt(n)
        assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.3)
