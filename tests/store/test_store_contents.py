"""Contents under a right checksum: a run's, or refused, whatever a forger wrote."""

from __future__ import annotations

import contextlib
import json
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_samples import make_run, same

from overfit_cli.records import RunResult
from overfit_cli.store import record, rows
from overfit_cli.store.codec import Malformed, digest, from_json, pack, to_json, unpack
from overfit_cli.store.contents import require_batches, require_names, require_record
from overfit_cli.store.summary import summarise

DATA, PARTS = record.split(make_run(baselines={"mean": {"nll": 1}}, restored_epoch=1, n_pool=60))
RECORD: dict[str, Any] = from_json(DATA)
REQUIRED = {f.name for f in fields(RunResult)} - {
    "curves", "baselines", "diagnostics", "notes", "environment", "n_pool", "sizes", "classes",
    "target_names", "predictions", "model",
}  # fmt: skip
OF_ANY_TYPE = (None, True, -1, 7, 10**40, 1.5, "x", [], [3], {}, {"a": [None]})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def kind(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int | float):
        return "number"
    return type(value).__name__


def refused(content: Any) -> bool:
    """Tell whether a record is refused; one that is not must be a run to all who read it."""
    try:
        found = record.decode(to_json(content))
    except Malformed:
        return True
    summarise(found, ())
    json.dumps(record.join(found, {}).to_json(), allow_nan=False)
    return False


def places(content: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = []
    for key, value in content.items() if isinstance(content, dict) else enumerate(content):
        found += [(*before, key)]
        if isinstance(value, dict | list):
            found += places(value, (*before, key))
    return found


def replaced(place: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(RECORD))
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return copy


def test_what_is_stored_is_taken() -> None:
    assert not refused(RECORD)
    assert same(
        record.join(RECORD, PARTS),
        make_run(baselines={"mean": {"nll": 1}}, restored_epoch=1, n_pool=60),
    )


@pytest.mark.parametrize("name", sorted(RECORD))
def test_every_field_has_its_type(name: str) -> None:
    kinds = {kind(RECORD[name])} | ({"None"} if name in ("restored_epoch", "n_pool") else set())
    wrong = [value for value in OF_ANY_TYPE if kind(value) not in kinds]
    assert len(wrong) >= 6
    assert [value for value in wrong if not refused(replaced((name,), value))] == []
    with pytest.raises(Malformed, match=name):
        require_record(replaced((name,), wrong[0]))


@pytest.mark.parametrize("name", sorted(RECORD))
def test_a_field_may_be_missing_only_if_it_came_later(name: str) -> None:
    rest = {key: value for key, value in RECORD.items() if key != name}
    assert refused(rest) == (name in REQUIRED | {"parts"})


METRICS = [("final", "test", "nll"), ("final", "train", "error"), ("baselines", "mean", "nll")]
TEXTS = [("notes", 0), ("classes", 1), ("parts", "curves")]
COUNTS = [("sizes", 1), ("spec", "hidden", 0), ("n_test",), ("seed",), ("epochs_run",)]
SPECS = [("spec", "lr"), ("spec", "remedies"), ("spec", "remedies", "dropout")]


@pytest.mark.parametrize("place", [*METRICS, *TEXTS, *COUNTS, *SPECS], ids=str)
def test_every_inner_value_has_its_type(place: tuple[Any, ...]) -> None:
    old = RECORD
    for key in place:
        old = old[key]
    wrong = [value for value in OF_ANY_TYPE if kind(value) != kind(old)]
    wrong += [-1, 1.5, 10**40] if place in COUNTS else []
    assert [value for value in wrong if not refused(replaced(place, value))] == []


@given(st.sampled_from(places(RECORD)), JSON)
def test_any_value_anywhere_is_refused_or_read(place: tuple[Any, ...], value: Any) -> None:
    refused(replaced(place, value))


@given(JSON)
def test_any_document_is_refused(value: Any) -> None:
    assert refused(value)
    for require in (require_names, require_batches):
        with contextlib.suppress(Malformed):
            assert type(require(value)) in (tuple, dict)


@pytest.mark.parametrize(
    "known",
    [3, [], {"b": 3}, {"b": {"select": 3}}, {"b": {"planned": -1}}, {"b": {"planned": "x"}}],
)
def test_what_is_known_of_batches_has_its_type(known: Any) -> None:
    with pytest.raises(Malformed):
        require_batches(known)
    good = {"b": {"select": "nll", "planned": 3, "later": [1]}}
    assert require_batches(good) == good


DEEP: list[Any] = []
for _ in range(50):
    DEEP = [DEEP]


@pytest.mark.parametrize("place", [("diagnostics", "x"), ("environment", "x"), ("spec", "x")])
def test_what_is_not_known_must_be_plain(place: tuple[Any, ...]) -> None:
    assert not refused(replaced(place, {"a": [1, None, {"b": "c"}]}))
    assert refused(replaced(place, DEEP))
    assert refused(replaced(place, [10**40]))


def joined(name: str, data: bytes) -> RunResult:
    own = {**RECORD, "parts": {name: digest(data).hex()}}
    return record.join(own, {name: data})


ARRAYS = [(name, array) for name, data in PARTS.items() for array in unpack(data)[1]]
LOOSE = {"arrays/mean", "arrays/names", "arrays/none"}  # for who predicts


@pytest.mark.parametrize(("name", "array"), ARRAYS)
def test_every_array_has_its_kind_and_shape(name: str, array: str) -> None:
    document, arrays = unpack(PARTS[name])
    old = arrays[array]
    assert joined(name, pack(document, arrays))
    others = [old[None], old.astype(str), np.asarray(1), np.concatenate([old, old])]
    others += [] if old.dtype.kind == "i" else [np.zeros(old.shape, int)]
    for other in [] if array in LOOSE else others:
        with pytest.raises(Malformed):
            joined(name, pack(document, {**arrays, array: other}))
    if array not in LOOSE:
        with pytest.raises(Malformed):
            joined(name, pack(document, {k: v for k, v in arrays.items() if k != array}))


@pytest.mark.parametrize(
    ("part", "array", "value"),
    [
        ("predictions", "targets", 3), ("predictions", "targets", -1), ("curves", "epoch", -1),
        ("model", "log_weights", -np.inf), ("model", "log_weights", np.nan),
        ("model", "parameters", np.inf),
    ],
)  # fmt: skip
def test_numbers_that_cannot_be(part: str, array: str, value: float) -> None:
    document, arrays = unpack(PARTS[part])
    other = np.full_like(arrays[array], value)
    with pytest.raises(Malformed):
        joined(part, pack(document, {**arrays, array: other}))


@given(st.sampled_from(sorted(PARTS)), JSON)
def test_any_document_of_a_part_is_refused_or_read(name: str, value: Any) -> None:
    _, arrays = unpack(PARTS[name])
    try:
        joined(name, pack(value, arrays))
    except Malformed:
        return
    assert name != "curves" or kind(value) == "dict"


def test_a_row_is_not_another_runs() -> None:
    row = rows.Row.sealed("0" * 16, "done", [], DATA)
    with pytest.raises(Malformed, match=r"damaged: run 0{16} .*another's"):
        row.decoded()
    assert not row.is_whole()
    assert row.is_intact()
    assert rows.Row.sealed(RECORD["run_id"], "done", ["b"], DATA).is_whole()
    assert not rows.Row.sealed(RECORD["run_id"], "failed", ["b"], DATA).is_whole()


def test_a_noise_that_is_no_number_was_stored_by_earlier_versions() -> None:
    run = make_run()
    assert run.model is not None
    for sd, fine in ((np.nan, True), (-1.0, False)):
        noise = np.full((1, 1), sd)
        data, parts = record.split(replace(run, model=replace(run.model, noise_sd=noise)))
        with contextlib.nullcontext() if fine else pytest.raises(Malformed, match="noise_sd"):
            record.join(record.decode(data), parts)


def test_a_way_of_resampling_that_is_none() -> None:
    for mode, fine in (("splits", True), (None, True), ("x", False)):
        content = from_json(DATA)
        content["spec"]["data"] = {**content["spec"].get("data", {}), "resample": mode}
        assert refused(content) is not fine


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("status",), "over"),
        (("axis",), "z"),
        (("parts",), {"voodoo": "x"}),
        (("spec", "lr"), "x"),
        (("spec", "hidden"), ["x"]),
        (("spec", "versions"), {"engine": "x"}),
        (("spec", "remedies"), {"dropout": 3}),
        (("spec", "data"), {"features": [1]}),
        (("spec", "data"), {"val_size": "x"}),
        (("diagnostics",), {"warnings": [1]}),
        (("diagnostics",), {"tried": {"p": [1]}}),
    ],
)
def test_the_name_of_what_is_wrong_is_told(path: tuple[str, ...], value: Any) -> None:
    content = from_json(DATA)
    inner = content
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(Malformed, match=".".join(path[:2])):
        record.decode(to_json(content))
