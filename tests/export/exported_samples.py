"""A store with real runs, small ones, of both tasks."""

from __future__ import annotations

from pathlib import Path

from overfit_cli import api


def fill(store: Path) -> api.Runs:
    small = {"hidden": [4], "epochs": 3}
    digits = {"method": "none,dropout", "seeds": 2, "train_size": 60, **small}
    numbers = {"dataset": "diabetes", "method": "early-stopping", **small}
    return api.Runs((*api.run(digits, store=store), *api.run(numbers, store=store)))
