"""Training whose validation nll was lowest at its very last epoch: nobody knows yet."""

import shlex
from dataclasses import replace

import pytest
from report_samples import run

from overfit_cli.report.next_command import next_command
from overfit_cli.report.verdict import judge, verdict


def ending(best=20, test=0.5, **changes):
    final = {"train": {"nll": 0.3}, "val": {"nll": test}, "test": {"nll": test}}
    baselines = {"majority class": {"nll": 2.3}, "linear model": {"nll": 0.45}}
    made = run(final=final, baselines=baselines, epochs=20, **changes)
    return replace(made, best_epoch=best, spec={**made.spec, "epochs": 20})


@pytest.mark.parametrize("test", [0.5, 0.35])
def test_a_gap_while_validation_still_falls_is_not_called_overfitting(test):
    said = verdict([ending(test=test)])
    assert said.startswith(f"trained too briefly to judge: test nll {test:.2f} against")
    assert "lowest at epoch 20 of 20, and may fall further" in said
    assert "overfits" not in said


@pytest.mark.parametrize("test", [0.5, 0.35])
def test_the_next_command_trains_longer_first(test):
    words = shlex.split(next_command([ending(test=test)], ["--epochs", "20"]))
    assert words == ["overfit", "run", "--epochs", "40"]


@pytest.mark.parametrize(
    "changes", [{"best": 19}, {"n_val": 0}, {"best": 19, "restored_epoch": 19}, {"axis": "draw"}]
)
def test_any_other_end_is_overfitting(changes):
    assert judge([ending(**changes)]).kind == "overfits"


def test_seeds_are_counted_by_what_each_shows():
    runs = [ending(seed=0), ending(seed=1), ending(9, seed=2)]
    assert verdict(runs).startswith(
        "trained too briefly to judge in 2 of 3 seeds, overfits in 1: mean test nll"
    )


def test_no_gap_needs_no_more_training_to_be_judged():
    assert judge([ending(test=0.31)]).kind == "fine"
