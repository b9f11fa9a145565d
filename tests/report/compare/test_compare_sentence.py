"""Every kind of verdict, as the sentence a user reads."""

import math
from dataclasses import replace

import pytest
from comparison_samples import classification, one_seed, regression, undecided, verdict

from overfit_cli.comparison.records import Interval
from overfit_cli.report.compare.measures import interval_texts
from overfit_cli.report.compare.sentence import answer, p_value, verdict_sentence

SPLITS = classification()
FIXED = replace(SPLITS, resample="fixed")
DRAWS = replace(SPLITS, resample="draws", dataset="moons")
FLIP = {"test": "sign flip", "probabilities": None}
FEW = {**FLIP, "finding": "too few", "p": None, "p_holm": None, "needed": 8}
ERROR = Interval("error", 0.0123, 0.0049, 0.0197)
AUC = Interval("auc", 0.021, 0.011, 0.031)

TABLE = [
    (
        verdict(), SPLITS,
        "dropout is better than none: test nll lower by 0.041 nats [0.022, 0.060], 10 seeds, "
        "corrected resampled t, p = .003 (Holm over 5); probability of better .98, practically "
        "equal (within 0.01 nats) .02, worse < .01.",
    ),
    (
        verdict(finding="worse", interval=ERROR, rope=0.005, **FLIP), FIXED,
        "dropout is worse than none: test error higher by 1.23 percentage points [0.49, 1.97], "
        "10 seeds, exact sign flip, p = .003 (Holm over 5), on these rows.",
    ),
    (
        verdict(**FLIP), DRAWS,
        "dropout is better than none, on new data from moons: test nll lower by 0.041 nats "
        "[0.022, 0.060], 10 seeds, exact sign flip, p = .003 (Holm over 5).",
    ),
    (
        verdict(difference=-0.003, half=0.004, finding="equal", p_holm=0.18), SPLITS,
        "dropout is practically equal to none (within 0.01 nats): test nll lower by 0.0030 nats "
        "[-0.0010, 0.0070], 10 seeds, corrected resampled t, p = .18 (Holm over 5); probability "
        "of better .98, practically equal .02, worse < .01.",
    ),
    (
        undecided("l2"), SPLITS,
        "l2 against none is undecided: test nll higher by 0.004 nats [-0.010, 0.018], 10 seeds, "
        "corrected resampled t, p = .97 (Holm over 5); probability of better .10, practically "
        "equal (within 0.01 nats) .70, worse .20.",
    ),
    (
        verdict(differences=(-0.04, -0.03, -0.05), **FEW), FIXED,
        "dropout against none: cannot decide with 3 seeds; at least 8 are needed (exact sign "
        "flip, Holm over 5); test nll lower by 0.041 nats [0.022, 0.060] so far, on these rows.",
    ),
    (
        verdict(difference=math.nan, half=math.nan, differences=(), comparisons=1, **FEW), SPLITS,
        "dropout against none: cannot decide with 0 seeds; at least 8 are needed (exact sign "
        "flip).",
    ),
    (
        one_seed().verdicts[0], one_seed(),
        "dropout is better than none: test error lower by 1.20 percentage points [0.30, 2.10], "
        "1 seed, McNemar's test, p = .012, for these two networks on these rows.",
    ),
    (
        regression().verdicts[0], regression(),
        "dropout is better than none: test rmse lower by 2412 units of the target [1524, 3300], "
        "10 seeds, exact sign flip, p = .002, on these rows.",
    ),
    (
        verdict(interval=AUC, **FLIP), FIXED,
        "dropout is better than none: test auc higher by 0.021 [0.011, 0.031], 10 seeds, exact "
        "sign flip, p = .003 (Holm over 5), on these rows.",
    ),
    (
        verdict(difference=0.0, half=0.01, finding="undecided", p_holm=1.0, **FLIP), FIXED,
        "dropout against none is undecided: test nll differs by 0.000 nats [-0.010, 0.010], 10 "
        "seeds, exact sign flip, p = 1.00 (Holm over 5), on these rows.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("found", "problem", "sentence"), TABLE)
def test_sentence(found, problem, sentence):
    assert verdict_sentence(found, problem) == sentence


@pytest.mark.parametrize(
    ("p", "written"),
    [
        (0.0, "p < .001"), (0.00099, "p < .001"), (0.001, "p = .001"), (0.0123, "p = .012"),
        (0.0499, "p = .0499"), (0.05, "p = .050"), (0.0503, "p = .0503"), (0.049996, "p = .049996"),
        (0.1, "p = .10"), (0.52, "p = .52"), (1.0, "p = 1.00"),
    ],
)  # fmt: skip
def test_p_values_show_on_which_side_of_five_percent_they_lie(p, written):
    assert p_value(p) == written


def test_answer_names_the_largest_gain_and_claims_nothing_untested():
    second = verdict("l2", difference=-0.03)
    told = answer(replace(SPLITS, verdicts=(second, verdict())))
    assert told == (
        "dropout wins over none: test nll lower by 0.041 nats [0.022, 0.060], p = .003 (Holm over "
        "5). Better than none is also l2, not tested against dropout."
    )


def test_answer_ranks_by_gain_where_higher_is_better():
    small, large = (
        verdict(name, interval=Interval("auc", gain, gain - 0.01, gain + 0.01))
        for name, gain in (("l1", 0.02), ("l2", 0.05))
    )
    assert answer(replace(SPLITS, verdicts=(small, large))).startswith("l2 wins over none")


def test_answer_without_a_winner():
    none_better = replace(SPLITS, verdicts=(undecided("l1"), undecided("l2"), verdict(**FEW)))
    assert answer(none_better) == (
        "No method is shown to be better than none: 2 undecided, 1 with too few seeds."
    )
    assert answer(replace(SPLITS, verdicts=())).startswith("Nothing was tested")


def test_answer_keeps_the_reservation():
    assert answer(regression()).endswith("p = .002, on these rows.")
    assert "these two networks" in answer(one_seed())


TINY = [Interval("rmse", -8e-9, -3.5e-8, 1.9e-8), Interval("rmse", 3e-6, -1e-6, 7e-6)]
HUGE = [Interval("rmse", -1.9e6, -4.1e6, 0.3e6), Interval("rmse", 170000.0, -300000.0, 640000.0)]


def test_differences_keep_their_digits_at_any_scale():
    """What is not zero is not written as zero, and a column has one format."""
    assert interval_texts([*TINY, None]) == (
        "-8e-09 [-3.5e-08, 1.9e-08]",
        "3.0e-06 [-1.0e-06, 7.0e-06]",
        "",
    )
    assert interval_texts(HUGE) == (
        "-1.9e+06 [-4.1e+06, 3e+05]",
        "1.70000e+05 [-3.00000e+05, 6.40000e+05]",
    )
    assert interval_texts(HUGE[1:]) == ("170000 [-300000, 640000]",)
    told = verdict_sentence(verdict(interval=TINY[0], rope=3.39e-9), SPLITS)
    assert "test rmse lower by 8e-09 units of the target [-1.9e-08, 3.5e-08]" in told
    assert "within 3.39e-09 units" in told
