"""Data, specs and runs: what `overfit run` and `overfit batch` do, without a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from overfit_cli.api.runs import Runs
from overfit_cli.batch.batch import LISTED, Batch
from overfit_cli.data import Prepared
from overfit_cli.errors import UsageError
from overfit_cli.executors import executor_of
from overfit_cli.experiment.config import read_batch
from overfit_cli.experiment.loading import ready
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.plan import Plan
from overfit_cli.experiment.spec import RunSpec, specs_of
from overfit_cli.experiment.stacks import stacks_of
from overfit_cli.experiment.train import finish, train
from overfit_cli.records import RunResult
from overfit_cli.store import Store

Options = Mapping[str, Any]
STORE = "overfit.db"


def load(dataset: str = "digits", options: Options | None = None) -> Prepared:
    """Return a data set as a run would train on it: `.train.inputs` (n, D), `.val`, `.test`.

    dataset: a name or a file. options: how to read and split it, such as {"target": "y",
    "val_size": 0, "seed": 3}.

    Raises:
        UsageError, DataError: see data.load and data.prepare.
    """
    given = {"dataset": dataset} | _given({} if options is None else options)
    return ready(specs_of(parse_options(given)))[1][0]


def spec(options: Options) -> list[RunSpec]:
    """Return one spec per method and seed, with its run id, as `run` would train them.

    Raises:
        UsageError: an unknown option, with the nearest; a bad value or combination.
        DataError: data that cannot be used.
    """
    return ready(specs_of(parse_options(_given(options))))[0]


def run(options: Options, store: str | Path | None = None, save_model: bool = False) -> Runs:
    """Train every method and seed of `options`; return the records, networks included.

    store: where to keep them too, as `overfit run` does. save_model: store networks of 10 MB and
    more. Runs that diverged are among the records: look at `status`.

    Raises:
        UsageError, DataError: see spec.
        StoreError: the store refuses; what was stored before stays.
    """
    specs, data = ready(specs_of(parse_options(_given(options))))
    found: dict[str, RunResult] = {}
    # opened before anything is trained for it
    place = nullcontext() if store is None else Store.open(store)
    with place as opened:
        for stack in stacks_of(specs, data):
            results = finish(train(stack.specs, stack.data))
            found |= {result.run_id: result for result in results}
            if opened is not None:
                for result in results:
                    opened.save(result, keep_model=save_model)
    return Runs(tuple(found[own.run_id] for own in specs))


def batch(
    config: str | Path = "remedies",
    options: Options | None = None,
    store: str | Path = STORE,
    workers: int = 1,
) -> Runs:
    """Train what a config asks for and the store does not hold; return all runs of the batch.

    config: a file, or the name of a shipped one. options win over it, as flags do. workers: more
    than one are processes of their own. Runs that failed are among the records.

    Raises:
        UsageError: a bad config or option, with its line; more than 10,000 runs.
        DataError, StoreError: as in run.
    """
    given = _given({} if options is None else options)
    asked = Batch(Plan(read_batch(str(config), given)))
    if len(asked.plan) > LISTED:
        raise UsageError(f"{len(asked.plan):,} runs are more than {LISTED:,}: use overfit batch.")
    asked.check()
    name, processes = ("processes", workers) if workers != 1 else ("serial", None)
    with Store.open(store) as opened, executor_of(name, processes) as executor:
        for _ in asked.execute(opened, executor):
            pass
        ids = [run_id for run_id, _ in asked.runs()]
        return Runs(tuple(opened.results(ids, ("curves", "predictions", "model"))))


def stored(selection: str = "", store: str | Path = STORE) -> Runs:
    """Return the stored runs of a SELECTION, as `overfit compare` understands it; "" is all.

    Raises:
        UsageError: no such run; StoreError: no such store, or a damaged record.
    """
    with Store.open(store, "read") as opened:
        ids = [summary.run_id for summary in opened.select(selection)]
        return Runs(tuple(opened.results(ids, ("curves", "predictions", "model"))))


def _given(options: Any) -> dict[str, Any]:
    """Return options as parse_options wants them; `hidden` may be a number, as for --hidden."""
    if not isinstance(options, Mapping):
        raise UsageError(
            f'options: {options!r} is no mapping; write {{"dataset": "iris", "epochs": 20}}.'
        )
    hidden = options.get("hidden")
    return {**options, "hidden": [hidden]} if isinstance(hidden, int) else dict(options)
