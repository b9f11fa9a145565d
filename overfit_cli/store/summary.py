"""What `overfit list` shows of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from overfit_cli.records import Status


@dataclass(frozen=True)
class RunSummary:
    """One stored run, without curves, predictions and model.

    created: ISO 8601, UTC; "" if unknown. nll in nats; error a fraction, for regression the rmse
    in the target's units; None where absent. seconds: the stack's wall time over its replicas.
    """

    run_id: str
    created: str
    method: str
    dataset: str
    seed: int
    status: Status
    val_nll: float | None
    val_error: float | None
    test_nll: float | None
    test_error: float | None
    seconds: float
    batches: tuple[str, ...]
    spec: Mapping[str, Any]
    is_regression: bool = False


def summarise(record: Mapping[str, Any], batches: tuple[str, ...]) -> RunSummary:
    """Return the summary of a decoded record."""
    final = record["final"]
    val, test = final.get("val", {}), final.get("test", {})
    return RunSummary(
        run_id=record["run_id"],
        created=str(record.get("environment", {}).get("date", "")),
        method=record["method"],
        dataset=record["dataset"],
        seed=record["seed"],
        status=record["status"],
        val_nll=val.get("nll"),
        val_error=val.get("error", val.get("rmse")),
        test_nll=test.get("nll"),
        test_error=test.get("error", test.get("rmse")),
        seconds=record["seconds"],
        batches=batches,
        spec=record["spec"],
        is_regression="rmse" in final.get("train", {}),
    )
