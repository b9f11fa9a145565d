"""What the README claims about Neal's problem and noisy digits, trained anew: `pytest -m slow`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from overfit_cli.cli.asking import Request, asked_specs, checked
from overfit_cli.experiment.stacks import stacks_of
from overfit_cli.experiment.train import finish, train
from overfit_cli.records import RunResult

pytestmark = pytest.mark.slow

NEAL = {
    "dataset": "neal-binary",
    "hidden": "15",
    "activation": "tanh",
    "batch_size": 300,
    "lr": 0.1,
    "seeds": 5,
}


def runs(given: Mapping[str, Any], config: str | None = None) -> list[RunResult]:
    asked = checked(asked_specs(Request(dict(given), config)))
    stacks = stacks_of(asked.specs, asked.data)
    return [result for stack in stacks for result in finish(train(stack.specs, stack.data))]


def above_truth(results: list[RunResult]) -> list[float]:
    return [
        run.final["test"]["nll"] - run.baselines["true probabilities"]["nll"] for run in results
    ]


def test_gradient_descent_to_the_end_overfits_neals_problem() -> None:
    results = runs(NEAL | {"val_size": 0, "epochs": 30_000, "eval_every": 1000})
    assert np.mean(above_truth(results)) > 0.08


def test_early_stopping_is_within_five_hundredths_of_the_truth() -> None:
    given = {"method": "early-stopping", "val_size": 75, "epochs": 20_000, "patience": 500}
    assert np.mean(above_truth(runs(NEAL | given))) < 0.05


def test_early_stopped_networks_on_rotating_folds_are_nearer() -> None:
    given = {
        "method": "bayes+early-stopping",
        "members": 4,
        "folds": True,
        "val_size": 0,
        "epochs": 20_000,
        "patience": 500,
    }
    assert np.mean(above_truth(runs(NEAL | given))) < 0.035


def test_hmc_is_nearest() -> None:
    given = {"method": "bayes", "inference": "hmc", "val_size": 0}
    results = runs({k: v for k, v in NEAL.items() if k not in ("lr", "batch_size")} | given)
    assert np.mean(above_truth(results)) < 0.02


def test_dropout_is_well_below_none_on_noisy_digits() -> None:
    by_method: dict[str, list[RunResult]] = {}
    for run in runs({}, "digits-label-noise"):
        by_method.setdefault(run.method, []).append(run)
    for metric, margin in (("nll", 0.03), ("error", 0.03)):
        none, dropout = (
            np.array([run.final["test"][metric] for run in by_method[method]])
            for method in ("none", "dropout")
        )
        assert len(none) == len(dropout) == 10
        assert np.mean(none - dropout) > margin
        # paired by seed: more than three standard errors from nothing
        assert np.mean(none - dropout) > 3 * np.std(none - dropout, ddof=1) / np.sqrt(10)
