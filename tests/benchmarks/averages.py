"""Every Bayesian average against the single network, digits and 5,000 rows of MNIST: test nll.

OVERFIT_DATA=… python tests/benchmarks/averages.py [--data digits,mnist] [--seeds 3] [NAME …]

A line per data set and method: mean test nll over seeds, its difference to `none` seed by seed,
test error, ECE, seconds per run (one thread) and gradients of a row's nll, in passes over the rows.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np

from overfit_cli.experiment.loading import ready
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.spec import specs_of
from overfit_cli.experiment.stacks import stacks_of
from overfit_cli.experiment.train import finish, train
from overfit_cli.records import RunResult

DATA: dict[str, dict[str, Any]] = {
    "digits": {"dataset": "digits"},
    "mnist": {"dataset": "mnist", "train_size": 5000, "epochs": 30},
}
METHODS: dict[str, dict[str, Any]] = {
    "none": {"method": "none"},
    **{
        name: {"method": "bayes", "inference": name}
        for name in ("laplace", "swag", "mc-dropout", "ensemble", "sghmc")
    },
}

# A chain of the default length takes long on images; a quarter of it was enough. The prior is what
# `overfit methods bayes` says to give there.
METHODS["sghmc"] |= {"warmup": 50, "samples": 50, "prior_sd": 1.0, "temperature": 0.1}


def options_of(data: str, name: str) -> dict[str, Any]:
    """Return what to train; a sampler has draws in place of epochs."""
    options = {**DATA[data], **METHODS[name]}
    if name == "sghmc":
        options.pop("epochs", None)
    return options


def trained(options: Mapping[str, Any]) -> list[RunResult]:
    """One result per seed, in order."""
    specs, data = ready(specs_of(parse_options(options)))
    stacks = stacks_of(specs, data)
    runs = [run for stack in stacks for run in finish(train(stack.specs, stack.data))]
    return sorted(runs, key=lambda run: run.seed)


def passes(run: RunResult) -> float:
    """Passes over the training rows that the gradients amount to, members and chains together."""
    evaluations = run.diagnostics.get("gradient_evaluations")
    if evaluations is None:
        return float(run.members * run.epochs_run)
    return float(evaluations)


def main() -> None:
    """Print a line per data set and method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(METHODS))
    parser.add_argument("--data", default=",".join(DATA))
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    for data in given.data.split(","):
        single: list[float] = []
        for name in dict.fromkeys(["none", *given.names]):
            runs = trained({**options_of(data, name), "seeds": given.seeds})
            nll = [run.final["test"]["nll"] for run in runs]
            single = single or nll
            gaps = ", ".join(f"{a - b:+.3f}" for a, b in zip(nll, single, strict=True))
            error, ece = (np.mean([run.final["test"][k] for run in runs]) for k in ("error", "ece"))
            seconds, cost = np.mean([(run.seconds, passes(run)) for run in runs], axis=0)
            print(
                f"{data:<7} {name:<11} nll {np.mean(nll):.3f} (to none: {gaps})",
                f"error {error:.4f}  ECE {ece:.3f}  {seconds:.1f} s  {cost:.0f} passes",
                sep="  ",
                flush=True,
            )


if __name__ == "__main__":
    main()
