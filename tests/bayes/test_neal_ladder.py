"""Neal's binary problem, every inference side by side, as a table. `pytest -m slow -s`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from overfit_cli.bayes import INFERENCES
from overfit_cli.experiment.loading import ready
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.spec import specs_of
from overfit_cli.experiment.stacks import stacks_of
from overfit_cli.experiment.train import finish, train
from overfit_cli.records import RunResult

SEEDS = 5
TRUTH = "true probabilities"

# 300 training rows, 10,000 test rows, 2-15-1 tanh: Neal 1996, appendix; his software's example.
PROBLEM = {
    "dataset": "neal-binary",
    "val_size": 0,
    "hidden": [15],
    "activation": "tanh",
    "seeds": SEEDS,
}
DESCENT = {"epochs": 1000, "lr": 0.1}
LADDER: dict[str, dict[str, Any]] = {
    "single network": {"method": "none", **DESCENT},
    "mc-dropout": {"method": "bayes", "inference": "mc-dropout", "p": 0.8, **DESCENT},
    "ensemble": {"method": "bayes", "inference": "ensemble", **DESCENT},
    "swag": {"method": "bayes", "inference": "swag", **DESCENT},
    "laplace": {"method": "bayes", "inference": "laplace", **DESCENT},
    "sghmc": {"method": "bayes", "inference": "sghmc"},
    "hmc": {"method": "bayes", "inference": "hmc"},
}


def trained(options: Mapping[str, Any]) -> list[RunResult]:
    """One result per seed, in order."""
    specs, data = ready(specs_of(parse_options({**PROBLEM, **options})))
    stacks = stacks_of(specs, data)
    runs = [run for stack in stacks for run in finish(train(stack.specs, stack.data))]
    return sorted(runs, key=lambda run: run.seed)


def passes(run: RunResult) -> float:
    """Gradients of a row's nll, in passes over the training rows, members and chains together."""
    evaluations = run.diagnostics.get("gradient_evaluations")
    if evaluations is None:
        return float(run.members * run.epochs_run)
    return float(evaluations)


def line(runs: list[RunResult], reference: list[RunResult]) -> list[float]:
    """nll above the truth's, error, ECE, total variation to the reference, passes, seconds."""
    return [
        float(np.mean([run.final["test"]["nll"] - run.baselines[TRUTH]["nll"] for run in runs])),
        float(np.mean([run.final["test"]["error"] for run in runs])),
        float(np.mean([run.final["test"]["ece"] for run in runs])),
        float(np.mean([_variation(*pair) for pair in zip(runs, reference, strict=True)])),
        float(np.mean([passes(run) for run in runs])),
        float(np.mean([run.seconds for run in runs])),
    ]


def _variation(run: RunResult, reference: RunResult) -> float:
    """Half the absolute difference of class probabilities, averaged over test rows."""
    assert run.predictions is not None
    assert reference.predictions is not None
    gaps = np.abs(run.predictions.outputs - reference.predictions.outputs)
    return float(gaps.sum(axis=1).mean() / 2)


@pytest.mark.slow
def test_the_ladder_of_inferences() -> None:
    rungs = {
        name: trained(options)
        for name, options in LADDER.items()
        if options.get("inference", "hmc") in INFERENCES
    }
    table = {name: line(runs, rungs["hmc"]) for name, runs in rungs.items()}
    head = ("above truth", "error", "ECE", "TV to hmc", "passes", "seconds")
    print("\n" + " " * 16 + "".join(f"{word:>12}" for word in head))
    for name, figures in table.items():
        print(f"{name:<16}" + "".join(f"{figure:12.4g}" for figure in figures))
        above = [run.final["test"]["nll"] - run.baselines[TRUTH]["nll"] for run in rungs[name]]
        print(" " * 16 + "  by seed: " + ", ".join(f"{value:.4f}" for value in above))
    single = table["single network"][0]
    assert table["hmc"][0] < 0.02
    assert table["sghmc"][0] < 0.03
    assert all(figures[0] < single for name, figures in table.items() if name != "single network")
