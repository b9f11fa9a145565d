from dataclasses import replace

import pytest
from report_samples import BASELINES, diverged, run, sampler, stopped, without_validation

from overfit_cli.report.verdict import OVERFITS, SLIGHTLY, judge, verdict, verdicts


def with_nll(train, test, seed=0, baselines=BASELINES, **changes):
    final = {"train": {"nll": train}, "val": {"nll": test}, "test": {"nll": test}}
    return run(seed=seed, final=final, baselines=baselines, best_epoch=14, **changes)


def test_the_sentence_of_the_manual():
    assert verdict([with_nll(0.02, 0.41, baselines={})]) == (
        "overfits: test nll 0.41 against 0.02 in training; validation nll lowest at epoch 14 of 100"
    )


@pytest.mark.parametrize(
    ("train", "test", "kind"),
    [
        (0.0, OVERFITS, "overfits"),
        (0.0, OVERFITS - 1e-9, "slightly"),
        (0.0, SLIGHTLY, "slightly"),
        (0.0, SLIGHTLY - 1e-9, "fine"),
        (0.1, 0.05, "fine"),
        (0.0, float("inf"), "overfits"),
        (0.0, float("nan"), "unknown"),
        (float("nan"), 0.2, "unknown"),
    ],
)
def test_the_gap_decides(train, test, kind):
    assert judge([with_nll(train, test)]).kind == kind


@pytest.mark.parametrize(
    ("train", "test", "baselines", "kind"),
    [
        (0.50, 0.52, {"linear model": {"nll": 0.30}}, "underfits"),
        (0.31, 0.35, {"linear model": {"nll": 0.30}}, "slightly"),
        (0.68, 0.68, {"majority class": {"nll": 0.69}}, "underfits"),
        (0.68, 0.68, {"mean": {"nll": 0.69}}, "underfits"),
        # a class of one row in 600: the majority leaves 0.0123 nats to learn
        (0.0001, 0.0001, {"majority class": {"nll": 0.0123}}, "fine"),
        (0.0122, 0.0122, {"majority class": {"nll": 0.0123}}, "underfits"),
        (0.60, 0.61, {"majority class": {"nll": 0.69}}, "fine"),
        (
            0.68,
            0.68,
            {"majority class": {"nll": 0.69}, "true probabilities": {"nll": 0.67}},
            "fine",
        ),
        (0.68, 0.68, {"linear model": {"nll": 0.6}, "true function": {"nll": 0.67}}, "fine"),
        (0.70, 0.95, {"majority class": {"nll": 0.69}}, "overfits"),
    ],
)
def test_underfitting_is_judged_by_baselines(train, test, baselines, kind):
    judgement = judge([with_nll(train, test, baselines=baselines)])
    assert judgement.kind == kind
    if kind == "underfits":
        assert next(iter(baselines)) in judgement.sentence


def test_a_better_baseline_is_named():
    baselines = {"linear model": {"nll": 0.30}, "majority class": {"nll": 0.35}}
    sentence = verdict([with_nll(0.02, 0.41, baselines=baselines)])
    assert "the linear model does better (0.30)" in sentence
    assert "the majority class does better (0.35)" in sentence


def test_the_distance_from_the_truth_is_said():
    assert verdict([sampler()]) == (
        "overfits slightly: test nll 0.24 against 0.22 in training; "
        "0.013 nats above the true probabilities"
    )


def test_a_restored_epoch_is_said_instead_of_the_lowest():
    assert "epoch 17 of 27 restored" in verdict([stopped()])
    assert "lowest" not in verdict([stopped()])


def test_a_stop_rule_that_never_stopped_anything_makes_no_other_judgement():
    cut = {"best_epoch": 100, "epochs_run": 100}
    plain = replace(with_nll(0.0, 0.3), **cut)
    kinds = [judge([replace(plain, restored_epoch=epoch)]).kind for epoch in (None, 100)]
    assert kinds == ["early", "early"]
    assert judge([replace(with_nll(0.0, 0.3), restored_epoch=14)]).kind == "overfits"


def test_training_that_ended_on_its_way_down():
    falling = replace(with_nll(0.2, 0.21), best_epoch=97)
    assert "lowest at epoch 97 of 100, and may fall further" in verdict([falling])


def test_without_validation_rows():
    assert "no validation rows, so where it was lowest is not known" in verdict(
        [without_validation()]
    )


def test_without_test_rows():
    final = {"train": {"nll": 0.1}, "val": {"nll": 0.9}}
    sentence = verdict([run(final=final, n_test=0, baselines={})])
    assert sentence.startswith("overfits: validation nll 0.90 against 0.10 in training")
    assert sentence.endswith("no test rows")


def test_with_training_rows_only():
    judgement = judge([run(final={"train": {"nll": 0.1}}, n_val=0, n_test=0, baselines={})])
    assert judgement.kind == "unknown"
    assert "nothing can be said" in judgement.sentence


def test_diverged():
    assert verdict([diverged(7)]) == (
        "the run diverged at epoch 7: try a learning rate smaller than 0.05"
    )


def test_failed():
    assert judge([run(status="failed", final={}, curves=())]).sentence == "the run failed"


def test_several_seeds_are_averaged_and_counted():
    runs = [with_nll(0.0, test, seed) for seed, test in enumerate([0.2, 0.3, 0.05])]
    sentence = verdict(runs)
    assert sentence.startswith(
        "overfits in 2 of 3 seeds, overfits slightly in 1: mean test nll 0.18 against 0.00"
    )


def test_lost_seeds_are_told_and_not_averaged():
    runs = [with_nll(0.0, 0.2, 0), with_nll(0.0, 0.4, 1), diverged(5, seed=2), diverged(9, seed=3)]
    sentence = verdict(runs)
    assert "overfits in both seeds: mean test nll 0.30" in sentence
    assert "2 of 4 runs (seeds 2, 3) diverged at epochs 5, 9" in sentence


def test_each_method_is_judged_for_itself():
    kinds = verdicts([with_nll(0.0, 0.2), with_nll(0.1, 0.1, method="l2"), diverged(method="l1")])
    assert {name: each.kind for name, each in kinds.items()} == {
        "none": "overfits",
        "l2": "fine",
        "l1": "diverged",
    }


def test_noisy_training_labels_are_held_against_equally_noisy_validation_labels():
    noisy = with_nll(0.45, 0.50, spec={"data": {"label_noise": 0.2}})
    final = {**noisy.final, "val": {"nll": 1.34}}
    judgement = judge([replace(noisy, final=final)])
    assert judgement.kind == "overfits"
    assert "validation nll 1.34 against 0.45 in training (noisy labels in both)" in (
        judgement.sentence
    )
    assert "test nll, labels as they are, 0.50" in judgement.sentence


def test_noisy_training_rows_are_not_said_to_underfit():
    noisy = with_nll(1.20, 0.50, spec={"data": {"label_noise": 0.2}})
    final = {**noisy.final, "val": {"nll": 1.21}}
    assert judge([replace(noisy, final=final)]).kind == "fine"


def test_the_seeds_are_said_to_be_what_each_of_them_is_alone():
    """Four overfit and one underfits by far: on average there is a slight gap, in no seed."""
    runs = [with_nll(0.05, 0.18, seed) for seed in range(4)]
    runs.append(with_nll(1.0, 0.6, 4))
    judgement = judge(runs)
    assert [judge([each]).kind for each in runs] == ["overfits"] * 4 + ["underfits"]
    assert judgement.kind == "overfits"
    assert judgement.sentence.startswith("overfits in 4 of 5 seeds, underfits in 1: mean test nll")


def test_among_equally_many_seeds_their_mean_decides():
    runs = [with_nll(0.0, 0.0, 0), with_nll(0.0, 0.5, 1)]
    for order in (runs, runs[::-1]):
        assert verdict(order).startswith("overfits in 1 of 2 seeds, does not overfit in 1: ")


def test_most_seeds_underfit_but_not_on_average():
    baselines = {"linear model": {"nll": 0.5}}
    runs = [with_nll(0.6, 0.6, seed, baselines) for seed in (0, 1)]
    judgement = judge([*runs, with_nll(0.0, 0.05, 2, baselines)])
    assert judgement.kind == "underfits"
    assert "no better than new rows by the linear model (0.50)" in judgement.sentence


@pytest.mark.parametrize(("rows", "said"), [(1, "1 test row"), (29, "29 test rows"), (30, "")])
def test_few_rows_to_judge_by_are_told(rows, said):
    sentence = verdict([with_nll(0.0, 0.2, n_test=rows)])
    assert sentence.endswith(f"; only {said}: little can be said") == bool(said)
    assert ("little" in sentence) == bool(said)


def test_few_validation_rows_without_test_rows():
    final = {"train": {"nll": 0.1}, "val": {"nll": 0.9}}
    sentence = verdict([run(final=final, n_test=0, n_val=8, baselines={})])
    assert sentence.endswith("only 8 validation rows: little can be said")
