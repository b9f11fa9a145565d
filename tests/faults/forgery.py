"""Stores whose checksums are all right, and of which one run is not what a run is."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from overfit_cli.store import Store
from overfit_cli.store.codec import digest, pack, to_json, unpack
from overfit_cli.store.ledger import Ledger

CONFIG = """
name = "forged"
dataset = "moons:n=60,n_test=20"
hidden = [3]
epochs = 3
seeds = 2
[[methods]]
method = "none"
[[methods]]
method = "dropout+early-stopping"
"""
# One value at least of every JSON type, and what is of the right type and cannot be.
VALUES: tuple[Any, ...] = (
    None, True, -1, 3, 10**30, 0.5, float("nan"), "x", "\x1b[31m\ud800", [], [1], ["x"], [[{}]],
    {}, {"x": 1}, {"nll": "x"}, {"x": {"y": [None]}},
)  # fmt: skip
GONE = object()

Change = Callable[[Any], Any]


def row_of(store: Path, run_id: str) -> tuple[str, bytes, dict[str, Any], dict[str, bytes]]:
    """Return status, batches, record and parts of a run."""
    with closing(sqlite3.connect(store)) as connection:
        query = "SELECT status, batches, record FROM runs WHERE run_id = ?"
        status, batches, record = connection.execute(query, (run_id,)).fetchone()
        query = "SELECT name, data FROM parts WHERE run_id = ?"
        return status, batches, json.loads(record), dict(connection.execute(query, (run_id,)))


def forge(
    whole: Path, store: Path, run_id: str, record: Any, parts: Mapping[str, bytes],
    status: Any = None, batches: Any = None,
) -> None:  # fmt: skip
    """Copy a store with other contents of one run, and every checksum as it must be for them."""
    shutil.copyfile(whole, store)
    old = row_of(whole, run_id)
    status, batches = old[0] if status is None else status, old[1] if batches is None else batches
    data = record if isinstance(record, bytes) else to_json(record)
    checksum = digest(run_id, status, batches, data)
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute(
            "UPDATE runs SET status = ?, batches = ?, record = ?, checksum = ? WHERE run_id = ?",
            (status, batches, data, checksum, run_id),
        )
        for name, content in parts.items():
            query = "UPDATE parts SET data = ? WHERE run_id = ? AND name = ?"
            connection.execute(query, (content, run_id, name))
        found = connection.execute("SELECT checksum FROM runs").fetchall()
        total = Ledger.of(row[0] for row in found).total
        connection.execute("UPDATE ledger SET digest = ?", (total.to_bytes(16),))


def places(content: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value inside, and of a list to the first."""
    pairs = content.items() if isinstance(content, dict) else list(enumerate(content))[:1]
    for key, value in pairs:
        yield (*before, key)
        if isinstance(value, dict | list):
            yield from places(value, (*before, key))


def changed(content: Any, place: tuple[Any, ...], value: Any) -> Any:
    """Return a copy with another value at that place, or without it."""
    copy = json.loads(json.dumps(content))
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    if value is GONE:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return copy


def forged_records(record: Any) -> Iterator[tuple[str, Any]]:
    """Yield every record in which one value is another, with what was changed."""
    for value in (None, 3, "x", [], {}):
        yield f"the record is {value!r}", value
    for place in places(record):
        for value in (*VALUES, GONE):
            name = ".".join(map(str, place))
            told = "gone" if value is GONE else repr(value)
            yield f"{name} is {told}", changed(record, place, value)


def forged_arrays(array: Any) -> Iterator[tuple[str, Any]]:
    """Yield arrays in place of one: of other kinds, shapes and contents."""
    for dtype in ("<f8", "<i8", "|b1", "<U3", "<u8"):
        with np.errstate(all="ignore"):
            yield dtype, np.nan_to_num(array).astype(dtype)
    yield "flat", array.ravel()
    yield "one axis more", array[None]
    yield "empty", array[:0]
    yield "a scalar", np.asarray(array.ravel()[0] if array.size else 0)
    yield "longer", np.concatenate([array, array])
    yield "no numbers", np.full(array.shape, np.nan)
    yield "negative", -np.ones_like(array) if array.dtype.kind != "b" else ~array
    yield "huge", np.full(array.shape, 2**40, np.int64)
    yield "infinite", np.full(array.shape, np.inf, array.dtype if array.dtype.kind == "f" else "f8")


def forged_part(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield packs in place of one, each whole by itself."""
    document, arrays = unpack(data)
    yield "no pack", b"x"
    for name, array in arrays.items():
        for told, other in forged_arrays(array):
            yield f"{name}: {told}", pack(document, {**arrays, name: other})
        yield f"no {name}", pack(document, {k: v for k, v in arrays.items() if k != name})
    yield "an array more", pack(document, {**arrays, "more": np.ones(3)})
    for value in VALUES:
        yield f"the document is {value!r}", pack(value, arrays)
    if isinstance(document, dict):
        for place in places(document):
            for value in (*VALUES, GONE):
                told = "gone" if value is GONE else repr(value)
                name = ".".join(map(str, place))
                yield f"{name} is {told}", pack(changed(document, place, value), arrays)
    yield from lying_headers(document, arrays)


def lying_headers(document: Any, arrays: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield packs that declare what is not there, or what no array is."""
    name = next(iter(arrays))
    declared = (
        ["O", [1]], ["|O", [1]], ["<f8", [-1]], ["<f8", [2**62]], ["<f8", [0, 10**30]],
        ["<f8", [1] * 99], ["<f8", 3], ["<f8", None], ["<f8", "33"], [None, [1]], ["<f1", [1]],
        ["|V8", [1]], ["<M8", [1]], ["<U999999", [0]], ["<U999999", [10**6]], ["<f8", [1.0]],
        ["<f8", [True]],
    )  # fmt: skip
    for dtype, shape in declared:
        header = to_json({"document": document, "arrays": [[name, dtype, shape]]})
        yield f"{name} declares {dtype}, {shape}", _packed(header, bytes(64))
    for header in ({}, [], {"document": 1}, {"arrays": []}, {"document": 1, "arrays": 3}):
        yield f"the header is {header}", _packed(to_json(header), b"")
    nested = to_json({"document": document, "arrays": [[[name], "<f8", [8]]]})
    yield "a name is a list", _packed(nested, bytes(64))
    yield "the header is deep", _packed(b"[" * 10**5 + b"]" * 10**5, b"")


def _packed(header: bytes, body: bytes) -> bytes:
    return b"OFP1" + len(header).to_bytes(4, "little") + header + body


def with_part(record: Any, name: str, data: bytes) -> Any:
    """Return the record that goes with another part."""
    return changed(record, ("parts", name), digest(data).hex())


def run_ids(store: Path) -> list[str]:
    with Store.open(store, "read") as opened:
        return [run.run_id for run in opened.select()]
