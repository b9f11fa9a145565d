"""Runs as tables: a row per run, per evaluated epoch, per predicted number."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from overfit_cli.export.table import Table, table_of, texts
from overfit_cli.records import RunResult, finite
from overfit_cli.remedies import REGISTRY

PARTS = ("train", "val", "test")
OWN = (
    "run_id", "status", "method", "dataset", "seed", "n_parameters", "n_train", "n_val", "n_test",
    "n_pool", "members", "epochs_run", "best_epoch", "restored_epoch", "seconds",
)  # fmt: skip

# Options that are a number for all layers or one for each, by their keys in a spec.
PER_LAYER = {
    f"remedies.{remedy.name}.{option.name}"
    for remedy in REGISTRY.values()
    for option in remedy.options
    if option.per_layer
}


def settings_of(spec: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a spec's values by the keys of a SELECTION: `lr`, `remedies.dropout.p`.

    Numbers and truth values stay, lists are `256,256`, what was not said is left out.
    """
    found: dict[str, Any] = {}
    for key, value in spec.items():
        if isinstance(value, Mapping):
            found |= settings_of(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple):
            found[prefix + key] = ",".join(map(str, value))
        elif value is not None:
            found[prefix + key] = value
    return found


def runs_table(runs: Iterable[RunResult]) -> Table:
    """Return a row per run: what it is, every setting, its scores, diagnostics as JSON.

    An option that may be a list, one value per layer, is text in every row.
    """
    kinds = {"restored_epoch": int, "date": str, "notes": str}
    return table_of([_run(run) for run in runs], kinds)


def _run(run: RunResult) -> dict[str, Any]:
    scores = {
        f"{part}_{metric}": value
        for part in PARTS
        for metric, value in run.final.get(part, {}).items()
    }
    own = {name: getattr(run, name) for name in OWN}
    settings = {key: value for key, value in settings_of(run.spec).items() if key not in own}
    settings |= {key: str(settings[key]) for key in PER_LAYER & settings.keys()}
    told = {"date": run.environment.get("date"), "notes": " ".join(run.notes) or None}
    plain = json.dumps(finite(run.diagnostics), sort_keys=True)
    return own | {"axis": run.axis} | scores | settings | told | {"diagnostics": plain}


def curves_table(runs: Iterable[RunResult]) -> Table:
    """Return a row per run and evaluated epoch (or draw): clean metrics and the running loss."""
    return table_of(
        [
            {"run_id": run.run_id, "method": run.method, "seed": run.seed, "epoch": record.epoch}
            | {f"train_{name}": value for name, value in record.train.items()}
            | {f"val_{name}": value for name, value in record.val.items()}
            | {"running_loss": record.running_loss}
            for run in runs
            for record in run.curves
        ]
    )


def predictions_table(runs: Iterable[RunResult]) -> Table:
    """Return a row per run, test row and class (or target).

    output: the class's probability, or the mean; sd: of a mean. target: 1 for the true class and
    0 for the others, or the value.
    """
    blocks = [block for run in runs for block in _predicted(run)]
    names = ("run_id", "row", "name", "target", "output", "sd")
    return Table(
        {
            name: np.concatenate([block[place] for block in blocks]) if blocks else np.empty(0)
            for place, name in enumerate(names)
        }
    )


def _predicted(run: RunResult) -> Iterator[tuple[Any, ...]]:
    found = run.predictions
    if found is None:
        return
    n = len(found.ids)
    for place, name in enumerate(texts(run.classes or run.target_names)):
        classes = found.noise is None
        target = (found.targets == place) if classes else found.targets[:, place]
        sd = np.full(n, np.nan) if found.noise is None else found.noise[:, place]
        where = (np.full(n, run.run_id, object), found.ids, np.full(n, name, object))
        yield *where, target.astype(float), found.outputs[:, place].astype(float), sd
