"""What is said about more seeds, once for a problem."""

from dataclasses import replace

import numpy as np
import pytest
from comparison_samples import classification, one_seed, undecided, verdict
from scipy import stats

from overfit_cli.report.compare.outlook import outlook

SPLITS = classification()


def told(*verdicts):
    return outlook(replace(SPLITS, verdicts=verdicts))


def test_nothing_is_said_where_all_is_decided():
    assert told(verdict(), verdict("l1", finding="worse"), verdict("l2", finding="equal")) == ""
    assert outlook(replace(one_seed(), verdicts=(undecided("l2", test="McNemar"),))) == ""


def test_seeds_that_would_decide_the_fewest_first():
    assert told(undecided("l1"), verdict(), undecided("l2", enough=40)) == (
        "More seeds would decide l2 with about 40, l1 with about 1234 (80% power, if mean "
        "difference and spread stay as they are)."
    )


STAY = "if mean difference and spread stay as they are"
SHARED = "Splits share rows (test rows are 0.25 of those that can train); more rows might decide."


def at(t, ratio=0.25, comparisons=1, **changes):
    """A verdict whose mean is t of the standard errors that no number of seeds goes below."""
    scatter = np.array([-1.0, 1.0] * 5)
    mean = t * scatter.std(ddof=1) * np.sqrt(ratio)
    made = {"differences": tuple(mean + scatter), "enough": None, "comparisons": comparisons}
    return {**made, "rope": 0.001, **changes}


def test_shared_rows_are_named_as_the_reason():
    assert told(undecided("l1", enough=None), undecided("l2", enough=None)) == (
        f"More seeds would not decide l1, l2, {STAY}. {SHARED}"
    )


@pytest.mark.parametrize("comparisons", [1, 5])
def test_in_vain_means_that_even_endless_seeds_stay_below_the_critical_value(comparisons):
    """The corrected t of endless seeds is mean / (sd sqrt(ratio)), and normal."""
    critical = stats.norm.isf(0.025 / comparisons)
    below = undecided("l1", **at(0.97 * critical, comparisons=comparisons))
    above = undecided("l2", **at(-1.05 * critical, comparisons=comparisons))
    assert told(below, above) == (
        f"More seeds would not decide l1, {STAY}. Even many seeds may not decide l2. {SHARED}"
    )


def test_a_sign_flip_shares_no_rows():
    flip = {"test": "sign flip", "test_over_train": None}
    vain = undecided("l1", **at(0.001, **flip))
    assert told(vain) == f"No practical number of seeds would decide l1, {STAY}."
    least = 2.4 / 100 / np.sqrt(0.25)  # of 10,000 seeds
    assert told(undecided("l1", **at(least, **flip))) == "Even many seeds may not decide l1."
