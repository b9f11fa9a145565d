"""What `overfit predict` does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from overfit_cli.cli.console import say, write
from overfit_cli.cli.one_run import load_one
from overfit_cli.cli.places import store_path
from overfit_cli.core.answers import Answer
from overfit_cli.data import Preprocessing, transform
from overfit_cli.data.new_rows import read_new_rows
from overfit_cli.errors import UsageError
from overfit_cli.experiment.prediction import stored_predictor
from overfit_cli.experiment.spec import RunSpec, current_versions
from overfit_cli.experiment.stored import require_model, require_own_spec, result_spec
from overfit_cli.experiment.train import finish, train
from overfit_cli.records import Model, RunResult
from overfit_cli.report.escape import csv_text
from overfit_cli.report.files import check_file, write_file
from overfit_cli.report.json_text import document
from overfit_cli.store import Store


def predict_rows(run: str, file: str, store: str | None, output: str | None, json: bool) -> None:
    """Carry out `overfit predict`; a run stored without parameters is trained again first."""
    if output is not None:
        check_file(output)
    with Store.open(store_path(store), "read") as opened:
        result = load_one(opened, run, blobs=True)
    if result.status != "done":
        raise UsageError(f"run {result.run_id} is {result.status}: it has no model.")
    spec = result_spec(result)
    model = require_model(result) or _trained_again(result, spec)
    numeric, codes, row_ids, notes, where = read_new_rows(file, dict(model.schema["columns"]))
    for note in notes:
        say(f"note: {note}")
    columns = Preprocessing(dict(model.schema["columns"]), dict(model.arrays))
    inputs = transform(columns, numeric, codes, where).astype(spec.dtype)
    with threadpool_limits(spec.threads, "blas"):
        answer = stored_predictor(spec, model).answers([(inputs, None)])[0]
    header, rows = table(answer, model, row_ids)
    text = _json(result, header, rows) if json else csv_text(header, map(_shortened, rows))
    if output is None:
        write(text)
    else:
        write_file(output, text)


def _trained_again(result: RunResult, spec: RunSpec) -> Model:
    from overfit_cli.experiment.loading import ready

    say(f"run {result.run_id} is stored without its parameters: training it again.")
    if spec.versions == current_versions(spec):
        require_own_spec(result, spec)
    specs, data = ready([spec.model_copy(update={"versions": current_versions(spec)})])
    if specs[0].run_id != result.run_id:
        raise UsageError(
            f"run {result.run_id}: its data or this version of overfit have changed; "
            "train anew with --save-model."
        )
    model = finish(train(specs, data))[0].model
    if model is None:
        raise UsageError(f"run {result.run_id} diverged when trained again.")
    return model


def table(answer: Answer, model: Model, row_ids: Any) -> tuple[list[str], Sequence[list[Any]]]:
    """Return header and rows: row id, class and probabilities, or means and deviations."""
    if answer.log_probabilities is not None:
        p = np.exp(answer.log_probabilities.astype(np.float64))
        classes = model.schema["classes"]
        header = ["row", "prediction", *(f"p({name})" for name in classes)]
        best = p.argmax(axis=1)
        rows = [
            [int(row), str(classes[k]), *values]
            for row, k, values in zip(row_ids, best, p.tolist(), strict=True)
        ]
        return header, rows
    mean, sd = np.asarray(answer.mean), np.asarray(answer.sd)
    names = model.schema["target_names"]
    header = ["row", *(column for name in names for column in (f"{name} mean", f"{name} sd"))]
    pairs = np.stack([mean, sd], axis=-1).reshape(len(mean), -1)
    return header, [[int(r), *v] for r, v in zip(row_ids, pairs.tolist(), strict=True)]


def _shortened(row: Sequence[Any]) -> list[Any]:
    """Return six digits of every number: more than any prediction is known to."""
    return [float(f"{cell:.6g}") if isinstance(cell, float) else cell for cell in row]


def _json(result: RunResult, header: Sequence[str], rows: Sequence[list[Any]]) -> str:
    records = [dict(zip(header, row, strict=True)) for row in rows]
    return document("overfit.predict/1", run_id=result.run_id, predictions=records)
