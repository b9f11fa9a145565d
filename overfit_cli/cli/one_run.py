"""The one run that a command is about; a batch's name is answered with the best of its runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from overfit_cli.errors import UsageError

if TYPE_CHECKING:
    from overfit_cli.records import RunResult
    from overfit_cli.store import RunSummary, Store


def load_one(store: Store, name: str, blobs: bool = False) -> RunResult:
    """Return the run `name`; see Store.load.

    Raises:
        UsageError: no such run, or several; for a batch: how many runs it has and which is best.
        StoreError: the record is damaged.
    """
    try:
        return store.load(name, blobs)
    except UsageError:
        members = [run for run in store.summaries() if name in run.batches]
        if not members:
            raise
    raise UsageError(_of_a_batch(name, members))


def _of_a_batch(name: str, members: list[RunSummary]) -> str:
    told = f"'{name}' is a batch of {_runs(len(members))}; name one run"
    best = min(members, key=_validation)
    if not math.isfinite(_validation(best)):
        return f"{told} (overfit list {name})."
    return (
        f"{told}, such as {best.run_id} ({best.method}, seed {best.seed}): "
        f"it has the lowest validation nll, {best.val_nll:.4g}."
    )


def _validation(run: RunSummary) -> float:
    done = run.status == "done" and run.val_nll is not None
    return run.val_nll if done and run.val_nll is not None else math.inf


def batch_of_last(store: Store) -> str:
    """Return `dropout, seed 9, one of the 320 runs of batch 'remedies'`; "" without a batch."""
    (last,) = store.select("last")
    if not last.batches:
        return ""
    name = last.batches[-1]
    count = _runs(len(store.members(name)))
    return f"{last.method}, seed {last.seed}, one of the {count} of batch '{name}'"


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"
