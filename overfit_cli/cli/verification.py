"""What `overfit verify` does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from overfit_cli.cli.console import show, write
from overfit_cli.cli.places import store_path
from overfit_cli.errors import VerifyMismatch
from overfit_cli.experiment.loading import ready
from overfit_cli.experiment.spec import current_versions
from overfit_cli.experiment.stored import require_own_spec, result_spec
from overfit_cli.experiment.train import finish, train
from overfit_cli.records import Metrics, Model, Predictions, RunResult
from overfit_cli.report.json_text import document
from overfit_cli.store import Store

# What decides about bits; host and date do not.
SAME = ("numpy", "blas", "machine", "overfit", "python")


def verify_run(run: str, store: str | None, tolerance: float, json: bool) -> None:
    """Carry out `overfit verify`.

    Raises:
        VerifyMismatch: other bits in the same environment, or a difference above `tolerance` in
            another one; also if the data or the engine have changed since.
    """
    with Store.open(store_path(store), "read") as opened:
        recorded = opened.load(run, blobs=True)
    spec = result_spec(recorded)
    if spec.versions != current_versions(spec):
        raise VerifyMismatch(
            f"run {recorded.run_id}: trained by versions {spec.versions}, and this overfit has "
            f"{current_versions(spec)}: other numbers are to be expected."
        )
    require_own_spec(recorded, spec)
    specs, data = ready([spec])
    if specs[0].fingerprint != recorded.spec["fingerprint"]:
        raise VerifyMismatch(f"run {recorded.run_id}: the data have changed since it was stored.")
    again = finish(train(specs, data))[0]
    changed = [name for name in SAME if recorded.environment.get(name) != again.environment[name]]
    difference = largest_difference(recorded, again)
    said = _sentence(recorded, changed, difference)
    if json:
        write(
            document(
                "overfit.verify/1",
                run_id=recorded.run_id,
                same_environment=not changed,
                largest_difference=difference,
            )
        )
    if difference > (tolerance if changed else 0):
        raise VerifyMismatch(said)
    if not json:
        show(said)


def _sentence(recorded: RunResult, changed: list[str], difference: float) -> str:
    if difference == 0:
        return f"run {recorded.run_id}: the same, bit for bit."
    where = f"another {', '.join(changed)}" if changed else "the same environment"
    return f"run {recorded.run_id}: largest difference {difference:.3g}, in {where}."


def largest_difference(first: RunResult, second: RunResult) -> float:
    """Return the largest absolute difference of any number; infinite where shapes differ."""
    worst = 0.0
    for left, right in _pairs(first, second):
        if left.shape != right.shape:
            return float("inf")
        if not np.array_equal(left, right, equal_nan=True):
            gap = np.abs(left.astype(np.float64) - right.astype(np.float64))
            worst = max(worst, float(np.nanmax(gap, initial=0)), _nan_gap(left, right))
    return worst


def _nan_gap(left: Any, right: Any) -> float:
    return float("inf") if (np.isnan(left) != np.isnan(right)).any() else 0.0


def _pairs(first: RunResult, second: RunResult) -> Iterator[tuple[Any, Any]]:
    yield _curves(first), _curves(second)
    yield _epochs(first), _epochs(second)
    yield np.array([0.0]), np.array([float(first.status != second.status)])
    for left, right in ((first.final, second.final), (first.baselines, second.baselines)):
        for name in left.keys() | right.keys():
            scores, others = left.get(name, {}), right.get(name, {})
            keys = sorted(scores.keys() | others.keys())
            yield _row(scores, keys), _row(others, keys)
    for one, other, names in (
        (first.predictions, second.predictions, ("ids", "targets", "outputs", "noise")),
        (first.model, second.model, ("parameters", "log_weights", "noise_sd")),
    ):
        if one is not None and other is not None:
            yield from ((_array(one, name), _array(other, name)) for name in names)


def _epochs(result: RunResult) -> Any:
    restored = -1 if result.restored_epoch is None else result.restored_epoch
    return np.array([result.epochs_run, result.best_epoch, restored])


def _row(scores: Metrics, keys: Sequence[str]) -> Any:
    return np.array([scores.get(key, np.nan) for key in keys], np.float64)


def _array(record: Predictions | Model, name: str) -> Any:
    value = getattr(record, name)
    return np.empty(0) if value is None else value


def _curves(result: RunResult) -> Any:
    return np.array(
        [
            [record.epoch, *record.train.values(), *record.val.values(), record.running_loss]
            for record in result.curves
        ]
    )
