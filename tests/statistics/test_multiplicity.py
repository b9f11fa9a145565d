"""Holm against its definition by rejection, statsmodels and scikit-posthocs; seeds by counting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overfit_cli.statistics.multiplicity import holm, needed_seeds
from overfit_cli.statistics.sign_flip import sign_flip

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=9)


def rejected(p_values: list[float], level: float) -> set[int]:
    """Return what Holm's steps reject: stop at the first p above level / (hypotheses left)."""
    found: set[int] = set()
    for place in sorted(range(len(p_values)), key=lambda place: p_values[place]):
        if p_values[place] * (len(p_values) - len(found)) > level:
            break
        found.add(place)
    return found


@given(P_VALUES, st.floats(0.001, 0.999))
def test_adjusted_p_rejects_what_the_steps_reject(p_values, level):
    adjusted = holm(p_values)
    assert {place for place, p in enumerate(adjusted) if p <= level} == rejected(p_values, level)


@given(P_VALUES)
def test_at_most_one_at_least_p_and_in_the_same_order(p_values):
    adjusted = holm(p_values)
    for p, own in zip(p_values, adjusted, strict=True):
        assert p <= own <= min(1.0, len(p_values) * p) + 1e-15
        for q, other in zip(p_values, adjusted, strict=True):
            assert own <= other or p > q


@given(P_VALUES, st.randoms(use_true_random=False))
def test_the_order_of_comparisons_does_not_matter(p_values, random):
    places = list(range(len(p_values)))
    random.shuffle(places)
    shuffled = holm([p_values[place] for place in places])
    assert shuffled == tuple(holm(p_values)[place] for place in places)


def test_holm_against_statsmodels():
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    for seed in range(20):
        p_values = np.random.default_rng(seed).beta(0.5, 3, 1 + seed % 8)
        theirs = multitest.multipletests(p_values, method="holm")[1]
        assert holm(p_values.tolist()) == pytest.approx(tuple(theirs), rel=1e-12)


def test_holm_against_scikit_posthocs():
    posthocs = pytest.importorskip("scikit_posthocs")
    rng = np.random.default_rng(3)
    groups = [rng.standard_normal(12) + shift for shift in (0, 0.4, 0.8, 1.4)]
    above = np.triu_indices(4, 1)
    raw = posthocs.posthoc_ttest(groups).to_numpy()[above]
    theirs = posthocs.posthoc_ttest(groups, p_adjust="holm").to_numpy()[above]
    assert holm(raw.tolist()) == pytest.approx(tuple(theirs), rel=1e-9)


def test_no_comparison():
    assert holm([]) == ()


def test_seeds_for_exact_tests():
    assert [needed_seeds(k) for k in (1, 2, 3, 4, 5, 6, 7)] == [6, 7, 7, 8, 8, 8, 9]


@pytest.mark.parametrize("comparisons", range(1, 12))
def test_with_one_seed_less_nothing_can_be_significant(comparisons):
    enough = needed_seeds(comparisons)
    best = [
        holm([sign_flip(np.arange(1.0, n + 1)).p] * comparisons)[0] for n in (enough - 1, enough)
    ]
    assert best[0] > 0.05 >= best[1]
