"""What `overfit verify` does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from overfit_cli.cli.console import show, write
from overfit_cli.cli.places import store_path
from overfit_cli.errors import VerifyMismatch
from overfit_cli.experiment.loading import ready
from overfit_cli.experiment.results import result_spec
from overfit_cli.experiment.train import finish, train
from overfit_cli.records import RunResult
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
    specs, data = ready([result_spec(recorded)])
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


def _nan_gap(left: np.ndarray, right: np.ndarray) -> float:
    return float("inf") if (np.isnan(left) != np.isnan(right)).any() else 0.0


def _pairs(first: RunResult, second: RunResult) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    yield _curves(first), _curves(second)
    for part in ("train", "val", "test"):
        left, right = first.final.get(part, {}), second.final.get(part, {})
        yield np.array(list(left.values())), np.array([right.get(k, np.nan) for k in left])
    if first.predictions is not None and second.predictions is not None:
        yield first.predictions.outputs, second.predictions.outputs
    if first.model is not None and second.model is not None:
        yield first.model.parameters, second.model.parameters


def _curves(result: RunResult) -> np.ndarray:
    return np.array(
        [
            [record.epoch, *record.train.values(), *record.val.values(), record.running_loss]
            for record in result.curves
        ]
    )
