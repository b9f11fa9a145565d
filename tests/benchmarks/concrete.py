"""Concrete strength, the 20 standard splits, one hidden layer of 50: every inference, paired.

OVERFIT_DATA=… python tests/benchmarks/concrete.py [--splits 20] [--json FILE] [NAME …]

A line per method: test log likelihood and RMSE in MPa, mean and standard error over splits; seconds
per split; how many splits it beat least squares on, in both. The splits are those of
Hernandez-Lobato & Adams 2015; a tenth of each split's training rows validates where a method needs
it. Settings were chosen on validation rows of the first split, none by its test rows.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from overfit_cli.experiment.loading import ready
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.spec import specs_of
from overfit_cli.experiment.train import finish, train
from overfit_cli.records import RunResult

UCI = Path(os.environ.get("OVERFIT_DATA", "")) / "uci"
NETWORK = {"hidden": [50], "target": "strength", "split_column": "split"}
DESCENT = {"epochs": 1000, "lr": 0.02, "lr_schedule": "cosine"}
METHODS: dict[str, dict[str, Any]] = {
    "none": {"method": "none", **DESCENT},
    "early-stopping": {"method": "early-stopping", "patience": 50, **DESCENT},
    "mc-dropout": {"method": "bayes", "inference": "mc-dropout", "p": 0.95, **DESCENT},
    "ensemble": {"method": "bayes", "inference": "ensemble", **DESCENT},
    "swag": {"method": "bayes", "inference": "swag", **DESCENT},
    "laplace": {"method": "bayes", "inference": "laplace", **DESCENT},
    "sghmc": {"method": "bayes", "inference": "sghmc", "activation": "tanh"},
    "hmc": {"method": "bayes", "inference": "hmc", "activation": "tanh"},
}
WITHOUT_VALIDATION = ("sghmc", "hmc")


def table_of(split: int, validates: bool, folder: Path) -> Path:
    """Write one split's table, a tenth of its training rows marked for validation."""
    lines = (UCI / "concrete.csv").read_text(encoding="utf-8").splitlines()
    chosen = (UCI / "concrete-test-rows.txt").read_text(encoding="utf-8").splitlines()[split]
    marks = np.full(len(lines) - 1, "train", dtype="<U5")
    marks[[int(row) for row in chosen.split()]] = "test"
    if validates:
        rest = np.flatnonzero(marks == "train")
        marks[np.random.default_rng(split).choice(rest, len(rest) // 10, replace=False)] = "val"
    path = folder / f"concrete-{split}-{validates}.csv"
    rows = [f"{line},{mark}" for line, mark in zip(lines, ["split", *marks], strict=True)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def trained(path: Path, options: Mapping[str, Any], split: int) -> RunResult:
    """Train one method on one split."""
    parsed = parse_options({"dataset": str(path), "seed": split, **NETWORK, **options})
    specs, data = ready(specs_of(parsed))
    (result,) = finish(train(specs, data))
    return result


def main() -> None:
    """Print a line per method, least squares first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(METHODS))
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    figures: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        for method in given.names:
            for split in range(given.splits):
                started = time.perf_counter()
                path = table_of(split, method not in WITHOUT_VALIDATION, Path(name))
                run = trained(path, METHODS[method], split)
                own = {"nll": run.final["test"]["nll"], "rmse": run.final["test"]["rmse"]}
                own["seconds"] = time.perf_counter() - started
                figures.setdefault(method, []).append(own)
                linear = run.baselines["linear model"]
                if method == given.names[0]:
                    figures.setdefault("least squares", []).append({**linear, "seconds": 0.0})
            print(line(method, figures[method], figures["least squares"]), flush=True)
    print(line("least squares", figures["least squares"], figures["least squares"]))
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


def line(name: str, own: list[dict[str, float]], linear: list[dict[str, float]]) -> str:
    """Return one method's line."""
    words = [f"{name:<16}"]
    for score, sign in (("nll", -1), ("rmse", 1)):
        values = np.array([sign * split[score] for split in own])
        error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
        words.append(
            f"{score if sign > 0 else 'log likelihood'} {values.mean():.3f} +- {error:.3f}"
        )
    better = sum(
        a["nll"] < b["nll"] and a["rmse"] < b["rmse"] for a, b in zip(own, linear, strict=True)
    )
    words.append(f"better than least squares on {better} of {len(own)}")
    words.append(f"{np.mean([split['seconds'] for split in own]):.1f} s")
    return "  ".join(words)


if __name__ == "__main__":
    main()
