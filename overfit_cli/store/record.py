"""A RunResult as what the tables hold: a record of everything small, and parts read on demand."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import chain, compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.errors import StoreError
from overfit_cli.records import EpochRecord, Metrics, Model, Predictions, RunResult
from overfit_cli.store import shapes
from overfit_cli.store.codec import Malformed, digest, from_json, pack, to_json, unpack
from overfit_cli.store.contents import require_record

PREDICTION_NUMBERS = 10**6
MODEL_BYTES = 10 * 10**6
PART_BYTES = 900 * 10**6  # SQLite's own limit is 10**9 bytes
PARTS = ("curves", "predictions", "model")
_FIELDS = tuple(f.name for f in dataclasses.fields(RunResult) if f.name not in PARTS)


def split(result: RunResult, keep_model: bool = False) -> tuple[bytes, dict[str, bytes]]:
    """Return the record (JSON) and the packed parts by name.

    Predictions of more than PREDICTION_NUMBERS numbers are left out, and so are models of
    MODEL_BYTES or more unless `keep_model`.

    Raises:
        StoreError: if one part is larger than a store can hold.
    """
    parts = {"curves": _pack_curves(result.curves)}
    if result.predictions is not None and _numbers(result.predictions) <= PREDICTION_NUMBERS:
        parts["predictions"] = _pack_predictions(result.predictions)
    if result.model is not None and (keep_model or _model_bytes(result.model) < MODEL_BYTES):
        parts["model"] = _pack_model(result.model)
    _refuse_too_large(result.run_id, parts)
    record = {name: getattr(result, name) for name in _FIELDS}
    record["parts"] = {name: digest(data).hex() for name, data in parts.items()}
    return to_json(record), parts


def join(record: Mapping[str, Any], parts: Mapping[str, bytes]) -> RunResult:
    """Return the RunResult of a decoded record and whichever parts were read.

    Raises:
        Malformed: if a part's digest is not the record's, or the content is no run.
    """
    for name, data in parts.items():
        if digest(data).hex() != record["parts"].get(name):
            raise Malformed(f"run {record['run_id']}: its {name} are damaged")
    try:
        fields = {name: _frozen(record[name]) for name in _FIELDS if name in record}
        unpacked = {name: unpack(data) for name, data in parts.items()}
        readers = {"curves": _curves, "predictions": _predictions, "model": _model}
        fields |= {name: readers[name](*content) for name, content in unpacked.items()}
        result = RunResult(**({"curves": ()} | fields))
        shapes.require_fit(result)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed(f"run {record['run_id']} is not a record of a run: {error}") from error
    return result


def decode(data: bytes) -> dict[str, Any]:
    """Return the record of `split` as a dictionary.

    Raises:
        Malformed: if it is none.
    """
    return require_record(from_json(data))


def _frozen(value: Any) -> Any:
    """Return a field as RunResult has it: JSON knows lists only, the record only tuples."""
    return tuple(value) if isinstance(value, list) else value


def _pack_curves(curves: Sequence[EpochRecord]) -> bytes:
    train, train_arrays = _columns("train", [record.train for record in curves])
    val, val_arrays = _columns("val", [record.val for record in curves])
    own = {
        "epoch": np.array([record.epoch for record in curves], dtype=np.int64),
        "running_loss": np.array([record.running_loss for record in curves], dtype=np.float64),
    }
    return pack({"train": train, "val": val}, own | train_arrays | val_arrays)


def _columns(part: str, rows: Sequence[Metrics]) -> tuple[list[str], dict[str, NDArray[Any]]]:
    """Return the metrics' names and (names, rows) arrays: values and, if need be, absence."""
    names = list(dict.fromkeys(chain.from_iterable(rows)))
    arrays: dict[str, NDArray[Any]] = {}
    if min(map(len, rows), default=0) < len(names):
        absent = [[name not in row for row in rows] for name in names]
        arrays[f"{part}_absent"] = np.array(absent, bool)
        rows = [dict.fromkeys(names, np.nan) | dict(row) for row in rows]
    values = np.array([[row[name] for row in rows] for name in names], np.float64)
    return names, {part: values.reshape(len(names), len(rows))} | arrays


def _curves(names: Any, arrays: Mapping[str, Any]) -> tuple[EpochRecord, ...]:
    shapes.require_curves(names, arrays)
    epochs, losses = arrays["epoch"].tolist(), arrays["running_loss"].tolist()
    train, val = (_metrics(part, names[part], arrays, len(epochs)) for part in ("train", "val"))
    return tuple(map(EpochRecord, epochs, train, val, losses))


def _metrics(
    part: str, names: list[str], arrays: Mapping[str, Any], n: int
) -> list[dict[str, float]]:
    if not names:
        return [{} for _ in range(n)]
    rows = [dict(zip(names, row, strict=True)) for row in arrays[part].T.tolist()]
    if f"{part}_absent" in arrays:
        for row, absent in zip(rows, arrays[f"{part}_absent"].T.tolist(), strict=True):
            for name in compress(names, absent):
                del row[name]
    return rows


def _pack_predictions(predictions: Predictions) -> bytes:
    return pack(None, _present(vars(predictions)))


def _predictions(_: Any, arrays: Mapping[str, Any]) -> Predictions:
    return Predictions(**arrays)


def _pack_model(model: Model) -> bytes:
    own = {"parameters": model.parameters, "log_weights": model.log_weights}
    own |= _present({"noise_sd": model.noise_sd})
    others = {f"arrays/{name}": array for name, array in model.arrays.items()}
    return pack(model.schema, own | others)


def _model(schema: Any, arrays: Mapping[str, Any]) -> Model:
    prefix = "arrays/"
    others = {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}
    return Model(
        arrays["parameters"], arrays["log_weights"], arrays.get("noise_sd"), schema, others
    )


def _present(arrays: Mapping[str, Any]) -> dict[str, Any]:
    return {name: array for name, array in arrays.items() if array is not None}


def _numbers(predictions: Predictions) -> int:
    return sum(array.size for array in _present(vars(predictions)).values())


def _model_bytes(model: Model) -> int:
    return int(model.parameters.nbytes)


def _refuse_too_large(run_id: str, parts: Mapping[str, bytes]) -> None:
    for name, data in parts.items():
        if len(data) > PART_BYTES:
            raise StoreError(
                f"run {run_id}: its {name} take {len(data):,} bytes; a store holds at most "
                f"{PART_BYTES:,} in one piece. Keep fewer draws, or do not save the model."
            )
