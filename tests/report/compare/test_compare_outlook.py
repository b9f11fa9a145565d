"""What is said about more seeds, once for a problem."""

from dataclasses import replace

from comparison_samples import classification, one_seed, undecided, verdict

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


def test_shared_rows_are_named_as_the_reason():
    assert told(undecided("l1", enough=None), undecided("l2", enough=None)) == (
        "More seeds would not decide l1, l2: their splits share rows (test rows are 0.25 of the "
        "training rows); more rows might."
    )


def test_a_sign_flip_shares_no_rows():
    flip = {"test": "sign flip", "test_over_train": None, "enough": None}
    assert told(undecided("l1", **flip)) == "No practical number of seeds would decide l1."
