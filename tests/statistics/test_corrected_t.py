"""The corrected t and its posterior against scipy.stats, baycomp and numerical integration."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from overfit_cli.statistics.corrected_t import corrected_t, has_spread, posterior

RNG = np.random.default_rng(11)
SAMPLES = [
    RNG.standard_normal(n) * spread + shift
    for n, spread, shift in [
        (2, 1, 0.5),
        (3, 0.01, 0.02),
        (10, 2, 1),
        (10, 1, 0),
        (30, 0.1, -0.2),
        (101, 5, 1),
    ]
]
VARIED = st.lists(st.integers(-(10**6), 10**6), min_size=2, max_size=20, unique=True).map(
    lambda whole: np.array(whole) / 7
)
RATIOS = st.sampled_from([0.0, 0.1, 0.25, 1 / 3, 1.0])


@pytest.mark.parametrize("differences", SAMPLES, ids=len)
def test_without_correction_it_is_students_t(differences):
    theirs = stats.ttest_1samp(differences, 0)
    low, high = theirs.confidence_interval(0.95)
    assert corrected_t(differences, 0) == pytest.approx(
        (differences.mean(), low, high, theirs.pvalue), rel=1e-9
    )


@pytest.mark.parametrize("differences", SAMPLES, ids=len)
@pytest.mark.parametrize("ratio", [0.25, 1 / 3, 1.0])
def test_the_formula_of_nadeau_and_bengio(differences, ratio):
    n = len(differences)
    t = differences.mean() / np.sqrt((1 / n + ratio) * differences.var(ddof=1))
    found = corrected_t(differences, ratio)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(t), n - 1), rel=1e-9)
    half = stats.t.ppf(0.975, n - 1) * differences.mean() / t
    assert [found.low, found.high] == pytest.approx(
        [differences.mean() - abs(half), differences.mean() + abs(half)], rel=1e-9
    )


@pytest.mark.parametrize("folds", [2, 5, 10])
@pytest.mark.parametrize("runs", [1, 4])
def test_posterior_against_baycomp(folds, runs):
    """k-fold cross-validation has n_test / n_train = 1 / (k - 1)."""
    baycomp = pytest.importorskip("baycomp")
    n = folds * runs
    x = RNG.standard_normal(n)
    y = x + 0.3 * RNG.standard_normal(n) + 0.05
    for rope in (0.01, 0.1, 0.5):
        left, within, right = baycomp.two_on_single(x, y, rope=rope, runs=runs)
        ours = posterior(y - x, 1 / (folds - 1), rope)
        assert ours == pytest.approx((left, within, right), abs=1e-12)


@pytest.mark.parametrize("differences", SAMPLES, ids=len)
@pytest.mark.parametrize("ratio", [0.0, 0.25])
def test_posterior_is_the_integral_of_the_density(differences, ratio):
    """The density of mu under the prior 1/sigma: (1 + (mu - m)^2 / ((n - 1) scale^2))^(-n/2)."""
    n, mean = len(differences), differences.mean()
    scale = np.sqrt(differences.var(ddof=1) * (1 / n + ratio))

    def density(z: float) -> float:
        return float((1 + z * z / (n - 1)) ** (-n / 2))

    total = 2 * quad(density, 0, np.inf)[0]
    rope = 0.7 * scale
    edges = [-np.inf, (-rope - mean) / scale, (rope - mean) / scale, np.inf]
    parts = [quad(density, *pair)[0] / total for pair in itertools.pairwise(edges)]
    assert posterior(differences, ratio, rope) == pytest.approx(tuple(parts), abs=1e-7)


@given(VARIED, RATIOS)
def test_zero_lies_outside_exactly_if_p_is_significant(differences, ratio):
    found = corrected_t(differences, ratio)
    assert (found.low <= 0 <= found.high) == (found.p > 0.05)


@given(VARIED, RATIOS, st.randoms(use_true_random=False), st.sampled_from([1e-6, 0.3, 1e6]))
def test_order_sign_and_unit_do_not_matter(differences, ratio, random, unit):
    found, probable = corrected_t(differences, ratio), posterior(differences, ratio, 0.2)
    shuffled = differences.copy()
    random.shuffle(shuffled)
    for other, factor in ((shuffled, 1), (-differences, -1), (unit * differences, unit)):
        again = corrected_t(other, ratio)
        assert again.p == pytest.approx(found.p, rel=1e-6)
        ends = sorted([factor * found.low, factor * found.high])
        size = abs(factor) * np.abs(differences).max()
        assert [again.low, again.high] == pytest.approx(ends, rel=1e-9, abs=1e-9 * size)
        turned = probable[:: int(np.sign(factor))]
        assert posterior(other, ratio, 0.2 * abs(factor)) == pytest.approx(turned, abs=1e-9)


@given(VARIED, RATIOS, st.floats(0, 1e6))
def test_probabilities_sum_to_one(differences, ratio, rope):
    found = posterior(differences, ratio, rope)
    assert sum(found) == pytest.approx(1)
    assert all(0 <= each <= 1 for each in found)


@given(VARIED)
def test_overlap_widens(differences):
    narrow, wide = corrected_t(differences, 0.0), corrected_t(differences, 0.25)
    assert wide.low < narrow.low
    assert narrow.high < wide.high
    assert wide.p >= narrow.p


def test_without_spread_there_is_no_t():
    rounded = np.array([7 / 72 - 6 / 72, 5 / 72 - 4 / 72, 2 / 72 - 1 / 72])
    assert np.ptp(rounded) > 0
    for differences in (np.zeros(3), np.full(4, 0.1), rounded, np.ones(1)):
        assert not has_spread(differences)
        with pytest.raises(ValueError, match="not all equal"):
            corrected_t(differences, 0.25)
    assert has_spread(np.array([1 / 72, 2 / 72]))
