"""What `overfit refit` does."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from overfit_cli.cli.asking import Request, asked_specs, checked, subject_of
from overfit_cli.cli.console import say, show, write
from overfit_cli.cli.one_run import batch_of_last, load_one
from overfit_cli.cli.places import check_store, store_exists, store_path
from overfit_cli.cli.training import train_and_store
from overfit_cli.errors import Interrupted, RunsFailed, UsageError
from overfit_cli.experiment.spec import RunSpec, current_versions, parse_method
from overfit_cli.experiment.stored import result_spec
from overfit_cli.report.escape import shell
from overfit_cli.report.headline import headline
from overfit_cli.report.json_text import runs_json
from overfit_cli.store import Store
from overfit_cli.store.store import LAST

LIKE_A_RUN = re.compile(f"{LAST}|[0-9a-f]+")


def refit_all_rows(
    method: str, given: dict[str, Any], config: str | None, store: str | None, json: bool
) -> None:
    """Carry out `overfit refit`: all rows train, but those that a stop rule watches."""
    request = Request(given, config, store, save_model=True)
    asked = checked([on_all_rows(_chosen(method, request))])
    data = asked.data[0]
    check_store(store_path(store))
    if not json:
        show(headline(subject_of(asked)))
    for note in data.notes:
        say(f"note: {note}")
    if len(data.val):
        say(f"note: {len(data.val)} rows are kept for validation: the method stops by them.")
    try:
        result = train_and_store(request, asked)[0]
    except Interrupted:
        raise Interrupted("interrupted: nothing is stored.") from None
    if json:
        write(runs_json([result]))
    if result.status != "done":
        raise RunsFailed(f"run {result.run_id} {result.status}.")
    if not json:
        own = [] if store is None else ["--store", store]
        use = shell(["overfit", "predict", result.run_id, "FILE", *own])
        say(f"model {result.run_id} is stored. To use it:\n{use}")


def _chosen(method: str, request: Request) -> RunSpec:
    try:
        parse_method(method)
    except UsageError as refused:
        return _as_it_was(method, request, f"{refused} Or a stored run's id.")
    specs = asked_specs(replace(request, given=request.given | {"method": method}))
    if len(specs) > 1:
        raise UsageError(
            f"refit trains one model, and the config asks for {len(specs)} seeds: "
            "set seeds = 1; seed says which."
        )
    return specs[0]


def _as_it_was(name: str, request: Request, no_method: str) -> RunSpec:
    """Return the spec of the stored run `name`; `no_method` says why it is no method either."""
    path = store_path(request.store)
    if not store_exists(path):
        raise UsageError(no_method)
    with Store.open(path, "read") as opened:
        if not (LIKE_A_RUN.fullmatch(name) or opened.members(name)):
            raise UsageError(no_method)
        spec = result_spec(load_one(opened, name))
        told = batch_of_last(opened) if name == LAST else ""
    if request.given or request.config:
        raise UsageError("a stored run is refitted as it was: leave out the other options.")
    if told:
        say(f"note: the last run is {spec.run_id}: {told}; `overfit compare` says which to take.")
    return spec


def on_all_rows(spec: RunSpec) -> RunSpec:
    """Return the spec with every row in training, under its own label and today's versions.

    A stop rule keeps its validation rows.
    """
    watches = "early-stopping" in spec.remedies and not spec.remedies.get("bayes", {}).get("folds")
    request = replace(
        spec.data,
        test_size=0,
        train_size=None,
        label_noise=0,
        # where a file gives the rows their number is no choice
        val_size=(0.2 if spec.data.val_file else spec.data.val_size) if watches else 0,
    )
    if watches and request.val_size == 0:
        request = replace(request, val_size=0.2)
    return spec.model_copy(
        update={"data": request, "fingerprint": "", "versions": current_versions(spec)}
    )
