"""Verdicts: pairing, which test, Holm over the family, and every finding."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from overfit_cli.comparison.records import Arm, Trial, Verdict
from overfit_cli.comparison.verdicts import default_rope, verdicts_of
from overfit_cli.errors import UsageError
from overfit_cli.statistics.power import Design, seeds_to_decide

RNG = np.random.default_rng(99)
NOISE = RNG.standard_normal(40)


def arm(name: str, metrics: Mapping[str, Sequence[float]], first: int = 0) -> Arm:
    """Return an arm with one trial per value, seeds from `first` on."""
    n = len(next(iter(metrics.values())))
    trials = [
        Trial(
            f"{name}-{place}",
            first + place,
            {},
            None,
            {"test": {metric: float(values[place]) for metric, values in metrics.items()}},
            0.0,
            0,
        )
        for place in range(n)
    ]
    return Arm(name, tuple(trials), ())


def compared(
    differences: Sequence[Sequence[float]],
    metric: str = "nll",
    resample: str = "draws",
    ratio: float = 0.25,
    rope: float = 0.01,
) -> tuple[Verdict, ...]:
    """Return verdicts on arms that differ so from a baseline, each over its own first seeds."""
    base = 1 + 0.1 * NOISE
    arms = [arm("none", {metric: base})]
    for number, values in enumerate(differences):
        arms.append(arm(f"m{number}", {metric: base[: len(values)] + np.array(values)}))
    return verdicts_of(arms, "none", metric, resample, ratio, rope, [])


def only(differences: Sequence[float], **given: object) -> Verdict:
    (verdict,) = compared([differences], **given)
    return verdict


def test_splits_are_judged_by_the_corrected_t() -> None:
    values = -0.2 + 0.05 * NOISE[:10]
    verdict = only(values, resample="splits", ratio=1 / 3)
    t = values.mean() / (values.std(ddof=1) * math.sqrt(1 / 10 + 1 / 3))
    assert (verdict.test, verdict.finding) == ("corrected t", "better")
    assert verdict.p == pytest.approx(2 * stats.t.sf(abs(t), 9))
    assert verdict.p_holm == verdict.p
    assert verdict.test_over_train == 1 / 3
    assert verdict.interval.difference == pytest.approx(values.mean())
    assert verdict.interval.low < verdict.interval.high < 0
    # probabilities are of better, equal and worse: nll less than the baseline's is better
    assert verdict.probabilities is not None
    assert verdict.probabilities[0] > 0.95
    assert sum(verdict.probabilities) == pytest.approx(1)


@pytest.mark.parametrize("resample", ["fixed", "draws"])
def test_given_and_fresh_rows_are_judged_by_the_sign_flip(resample) -> None:
    verdict = only(-0.2 + 0.05 * NOISE[:10], resample=resample)
    assert (verdict.test, verdict.finding, verdict.p) == ("sign flip", "better", 2 / 2**10)
    assert verdict.probabilities is None
    assert verdict.test_over_train is None
    assert verdict.needed is None


@pytest.mark.parametrize("resample", ["splits", "fixed", "draws"])
@pytest.mark.parametrize(("metric", "up"), [("nll", "worse"), ("auc", "better"), ("r2", "better")])
def test_which_way_is_better(metric, up, resample) -> None:
    down = {"worse": "better", "better": "worse"}[up]
    values = 0.2 + 0.05 * NOISE[:10]
    higher, lower = compared([values, -values], metric=metric, resample=resample)
    assert (higher.finding, lower.finding) == (up, down)
    if resample == "splits":
        assert higher.probabilities == pytest.approx(lower.probabilities[::-1], abs=1e-12)
        assert max(higher.probabilities) == higher.probabilities[0 if up == "better" else 2]


@pytest.mark.parametrize("resample", ["splits", "draws"])
def test_equal_within_the_rope(resample) -> None:
    values = 0.001 * NOISE[:20]
    assert only(values, resample=resample).finding == "equal"
    assert only(values, resample=resample, rope=0.0001).finding == "undecided"
    assert only(300 * values, resample=resample).finding == "undecided"


def test_equal_needs_a_probability_of_95_percent() -> None:
    noise = NOISE[:10] - NOISE[:10].mean()
    scale = noise.std(ddof=1) * math.sqrt(1 / 10 + 0.25)
    for probability, finding in ((0.945, "undecided"), (0.955, "equal")):
        rope = stats.t.ppf((1 + probability) / 2, 9) * scale
        verdict = only(noise, resample="splits", rope=rope)
        assert verdict.probabilities[1] == pytest.approx(probability)
        assert verdict.finding == finding


@pytest.mark.parametrize("sign", [-1, 1])
def test_equal_needs_both_ends_of_the_interval_within_the_rope(sign) -> None:
    noise = NOISE[:10] - NOISE[:10].mean()
    values = sign * (noise + 0.4 * noise.std(ddof=1) / math.sqrt(10))
    interval = only(values).interval
    near, far = sorted([abs(interval.low), abs(interval.high)])
    assert interval.low < 0 < interval.high
    assert only(values, rope=(near + far) / 2).finding == "undecided"
    assert only(values, rope=1.001 * far).finding == "equal"


def test_a_certain_difference_that_does_not_matter_is_equal() -> None:
    verdict = only(-0.004 + 0.0001 * NOISE[:10])
    assert verdict.p_holm is not None
    assert verdict.p_holm <= 0.05
    assert verdict.interval.low > -verdict.rope
    assert verdict.finding == "equal"


@pytest.mark.parametrize(("k", "needed"), [(1, 6), (2, 7), (5, 8)])
def test_too_few_seeds_for_the_sign_flip(k, needed) -> None:
    values = -0.3 + 0.01 * NOISE
    for n in range(1, needed):
        for verdict in compared([values[:n]] * k):
            assert (verdict.finding, verdict.needed, verdict.n) == ("too few", needed, n)
            assert verdict.comparisons == k
    for verdict in compared([values[:needed]] * k):
        assert (verdict.finding, verdict.needed) == ("better", None)


def test_below_six_seeds_the_sign_flip_bounds_nothing() -> None:
    interval = only([0.1, 0.2, 0.3]).interval
    assert interval.difference == pytest.approx(0.2)
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)


def test_one_split_is_too_few_and_two_are_a_t() -> None:
    one = only([-0.3], resample="splits")
    assert (one.finding, one.needed, one.p, one.p_holm) == ("too few", 2, None, None)
    assert one.probabilities is None
    assert math.isnan(one.interval.low)
    two = only([-0.3, -0.1], resample="splits")
    assert (two.test, two.finding, two.needed) == ("corrected t", "undecided", None)


@pytest.mark.parametrize(("n", "finding"), [(2, "too few"), (5, "too few"), (6, "better")])
def test_splits_that_all_differ_alike_have_no_t(n, finding) -> None:
    """Such as one test row more for each seed: two of them must not be called certain."""
    base = [12 / 72] * n
    arms = [arm("none", {"error": base}), arm("m", {"error": [11 / 72] * n})]
    (verdict,) = verdicts_of(arms, "none", "error", "splits", 0.25, 0.005, [])
    assert (verdict.test, verdict.finding, verdict.p) == ("sign flip", finding, 2 / 2**n)
    assert verdict.probabilities is None
    assert verdict.test_over_train is None


@pytest.mark.parametrize("resample", ["splits", "draws"])
def test_arms_that_never_differ(resample) -> None:
    assert only([0.0] * 10, resample=resample).finding == "equal"
    assert only([0.0] * 10, resample=resample).p == 1
    assert only([0.0] * 3, resample=resample).finding == "too few"


def test_paired_by_seed_over_seeds_that_both_finished() -> None:
    base = arm("none", {"nll": [1.0, 2.0, 3.0, math.nan, 5.0]}, first=30)
    other = arm("m", {"nll": [9.0, 1.5, math.inf, 2.5, 4.5, 8.0]}, first=29)
    (verdict,) = verdicts_of([other, base], "none", "nll", "draws", 0.0, 0.01, [])
    assert verdict.seeds == (30, 32, 34)
    assert verdict.differences == (0.5, -0.5, 3.0)
    assert verdict.n == 3


def test_an_arm_without_any_seed_stays_in_the_family() -> None:
    base = arm("none", {"nll": 1 + NOISE[:7]})
    good = arm("good", {"nll": NOISE[:7] - 1})
    lost = Arm("lost", (), (), failed=7)
    first, second = verdicts_of([base, good, lost], "none", "nll", "fixed", 0.0, 0.01, ["error"])
    assert first.p_holm == 2 * first.p == 2 * 2 / 2**7
    assert (second.finding, second.p, second.p_holm) == ("too few", None, None)
    assert (second.n, second.needed, second.comparisons) == (0, 7, 2)
    assert math.isnan(second.interval.difference)
    assert math.isnan(second.others[0].difference)


def test_holm_over_the_family() -> None:
    noise = (NOISE[:10] - NOISE[:10].mean()) / NOISE[:10].std(ddof=1)
    strong, weak = -5 + noise, 2.4 / math.sqrt(10) + noise
    alone = only(weak)
    assert (alone.finding, alone.p_holm) == ("worse", alone.p)
    assert 0.025 < alone.p <= 0.05
    both = compared([strong, weak, weak])
    assert [verdict.finding for verdict in both] == ["better", "undecided", "undecided"]
    assert [verdict.p_holm for verdict in both] == [3 * 2 / 2**10, 2 * alone.p, 2 * alone.p]


def test_fewer_seeds_may_decide_once_the_others_have() -> None:
    """Two comparisons need seven seeds, but Holm's last step asks of six seeds no more than .05."""
    far = -0.3 + 0.01 * NOISE
    long, short = compared([far[:10], far[:6]])
    assert (long.finding, short.finding, short.n) == ("better", "better", 6)


def test_mcnemar_with_one_seed() -> None:
    base = arm("none", {"nll": [1.0], "error": [0.5]})
    other = arm("m", {"nll": [2.0], "error": [0.1]})
    right = {"none": np.arange(20) % 2 == 0, "m": np.arange(20) >= 2}
    (verdict,) = verdicts_of([base, other], "none", "nll", "splits", 0.25, 0.02, ["error"], right)
    # the arm alone is right on 9 rows, the baseline alone on row 0
    assert verdict.p == pytest.approx(stats.binomtest(1, 10).pvalue)
    assert (verdict.test, verdict.finding) == ("McNemar", "better")
    assert (verdict.interval.metric, verdict.rope) == ("error", 0.005)
    assert verdict.interval.difference == pytest.approx(-0.4)
    assert math.isnan(verdict.interval.low)
    assert [(each.metric, each.difference) for each in verdict.others] == [("nll", 1.0)]
    (turned,) = verdicts_of([base, other], "m", "nll", "splits", 0.25, 0.02, [], right)
    assert (turned.finding, turned.p) == ("worse", verdict.p)
    same = {"none": right["m"], "m": right["m"]}
    (equal,) = verdicts_of([base, other], "none", "error", "fixed", 0.0, 0.02, [], same)
    assert (equal.finding, equal.p, equal.rope) == ("undecided", 1.0, 0.02)


def test_no_mcnemar_with_two_seeds_or_different_ones() -> None:
    right = {"none": np.ones(9, bool), "m": np.zeros(9, bool)}
    pairs = [
        (arm("none", {"nll": [1.0, 2.0]}), arm("m", {"nll": [3.0]})),
        (arm("none", {"nll": [1.0]}), arm("m", {"nll": [3.0]}, first=1)),
    ]
    for arms in pairs:
        (verdict,) = verdicts_of(arms, "none", "nll", "fixed", 0.0, 0.01, [], right)
        assert (verdict.test, verdict.finding) == ("sign flip", "too few")


def test_other_metrics_get_intervals_by_the_same_test() -> None:
    metrics = {"nll": 1 + NOISE[:10], "error": 0.3 + 0.1 * NOISE[10:20]}
    moved = {name: values + 0.1 * NOISE[20:30] for name, values in metrics.items()}
    arms = [arm("none", metrics), arm("m", moved)]
    for resample in ("splits", "draws"):
        (verdict,) = verdicts_of(arms, "none", "nll", resample, 0.25, 0.01, ["error"])
        (as_main,) = verdicts_of(arms, "none", "error", resample, 0.25, 0.01, [])
        assert verdict.others == (as_main.interval,)


def test_an_unknown_baseline_is_named() -> None:
    with pytest.raises(UsageError, match="Did you mean 'none'"):
        verdicts_of([arm("none", {"nll": [1.0]})], "nome", "nll", "draws", 0.0, 0.01, [])


def test_nothing_to_compare() -> None:
    assert verdicts_of([arm("none", {"nll": [1.0]})], "none", "nll", "draws", 0.0, 0.01, []) == ()


def test_default_ropes() -> None:
    assert default_rope("nll", []) == 0.01
    for metric in ("error", "brier", "ece", "auc"):
        assert default_rope(metric, [0.3]) == 0.005
    assert default_rope("rmse", [2.0, 4.0, math.nan]) == pytest.approx(0.03)
    assert default_rope("mae", [50.0]) == pytest.approx(0.5)
    assert default_rope("rmse", []) == 0
    with pytest.raises(UsageError, match="Did you mean 'rmse'"):
        default_rope("rsme", [])


EIGHTHS = st.integers(-40, 40).map(lambda whole: whole / 64)
TABLE = st.lists(st.lists(EIGHTHS, min_size=1, max_size=9), min_size=1, max_size=4)


@settings(max_examples=50)
@given(TABLE, st.sampled_from(["splits", "fixed", "draws"]), st.randoms(use_true_random=False))
def test_the_order_of_arms_and_seeds_does_not_matter(table, resample, random) -> None:
    base = arm("none", {"nll": np.zeros(9)})
    arms = [base, *(arm(f"m{k}", {"nll": values}) for k, values in enumerate(table))]
    shuffled = [Arm(a.name, tuple(random.sample(a.trials, len(a.trials))), ()) for a in arms]
    random.shuffle(shuffled)
    found = [
        {v.arm: repr(v) for v in verdicts_of(each, "none", "nll", resample, 0.25, 0.01, [])}
        for each in (arms, shuffled)
    ]
    assert found[0] == found[1]


@settings(max_examples=50)
@given(TABLE, st.sampled_from(["splits", "fixed", "draws"]))
def test_findings_agree_with_their_numbers(table, resample) -> None:
    base = arm("none", {"nll": np.zeros(9)})
    arms = [base, *(arm(f"m{k}", {"nll": values}) for k, values in enumerate(table))]
    for verdict in verdicts_of(arms, "none", "nll", resample, 0.25, 0.05, []):
        significant = verdict.p_holm is not None and verdict.p_holm <= 0.05
        assert significant == (verdict.finding in ("better", "worse"))
        assert (verdict.needed is not None) == (verdict.finding == "too few")
        assert verdict.needed is None or verdict.needed > verdict.n
        if significant:
            interval = verdict.interval
            assert (interval.high < 0) == (verdict.finding == "better")
            assert (interval.low > 0) == (verdict.finding == "worse")


def test_the_undecided_are_told_how_many_seeds_would_decide() -> None:
    values = 0.02 + 0.05 * NOISE[:8]
    verdict = only(values, resample="splits", ratio=0.01)
    assert verdict.finding == "undecided"
    assert verdict.enough is not None
    assert verdict.enough > 8
    assert only(values, resample="splits", ratio=1.0).enough is None
    seen = Design(float(values.mean()), float(values.std(ddof=1)), 0.01, 0.01, 1, flips=False)
    assert verdict.enough == seeds_to_decide(seen, 9)
    assert only(values).enough == seeds_to_decide(seen._replace(test_over_train=0.0, flips=True), 9)
    assert only(-0.2 + 0.05 * NOISE[:10]).enough is None


def test_a_difference_that_may_not_matter_is_not_better_or_worse() -> None:
    small = 0.0076 + 0.008 * NOISE[:20]
    found = only(small)
    assert found.p_holm < 0.05
    assert 0 < found.interval.difference < found.rope < found.interval.high
    assert (found.finding, only(small, rope=0.001).finding) == ("undecided", "worse")
    # and of the two ways to a verdict only equality is left
    assert found.enough is not None
    assert only(np.append(small, [0.0076] * 20)).finding == "equal"


def test_seeds_that_decide_show_a_difference_larger_than_the_rope() -> None:
    near = Design(mean=0.0101, sd=0.01, test_over_train=0, rope=0.01, comparisons=1, flips=True)
    # as many seeds show that it is not 0 as in ten of twenty cases show that it matters
    assert seeds_to_decide(near._replace(rope=0.0), 6) < 20
    assert (seeds_to_decide(near, 6) or 10**6) > 1000
