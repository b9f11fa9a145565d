"""Whether what stands under a right checksum is a run: whoever can write can make checksums too.

Kinds, signs and sizes of all that other code relies on. What a later version adds need only be
plain, and a setting may be left out. Asked once, where a record or a part is decoded, hence for
every run of a comparison: tables of types, and no calls for what is one number or text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import NoneType
from typing import Any, get_args

from overfit_cli.records import Axis, Status
from overfit_cli.store.codec import Malformed

STATUSES = frozenset(get_args(Status))
_AXES = frozenset(get_args(Axis))
_PARTS = frozenset(("curves", "predictions", "model"))
_RESAMPLES = frozenset(("splits", "fixed", "draws", None))

Kinds = Mapping[str, frozenset[type]]
_LARGEST = 2**63 - 1  # the column of a table holds no more
_DEEPEST = 12
_TEXT = frozenset((str,))
_PLACE: frozenset[type] = frozenset((str, NoneType))
_COUNT = frozenset((int,))
_EPOCH: frozenset[type] = frozenset((int, NoneType))
_FLOAT = frozenset((float,))
_NUMBER = frozenset((float, int))
_LIST = frozenset((list,))
_TABLE = frozenset((dict,))
_LEAF = frozenset((str, float, bool, NoneType))

# What every record has had since the first version.
_FIRST: Kinds = {
    **dict.fromkeys(("run_id", "status", "method", "dataset", "axis"), _TEXT),
    **dict.fromkeys(("seed", "n_parameters", "n_train", "n_val", "n_test", "members"), _COUNT),
    **dict.fromkeys(("epochs_run", "best_epoch"), _COUNT),
    "restored_epoch": _EPOCH,
    "seconds": _NUMBER,
    **dict.fromkeys(("spec", "final", "parts"), _TABLE),
}
_RECORD: Kinds = {
    **_FIRST,
    "n_pool": _EPOCH,
    **dict.fromkeys(("baselines", "diagnostics", "environment"), _TABLE),
    **dict.fromkeys(("notes", "sizes", "classes", "target_names"), _LIST),
}
_SPEC: Kinds = {
    **dict.fromkeys(("data", "remedies", "versions"), _TABLE),
    **dict.fromkeys(("fingerprint", "activation", "optimizer", "lr_schedule", "dtype"), _TEXT),
    **dict.fromkeys(("lr", "momentum"), _NUMBER),
    **dict.fromkeys(("batch_size", "epochs", "eval_every", "threads", "seed"), _COUNT),
    "hidden": _LIST,
}
_DATA: Kinds = {
    "dataset": _TEXT,
    **dict.fromkeys(("target", "task", "val_file", "test_file", "resample"), _PLACE),
    **dict.fromkeys(("split_column", "group_column", "time_column", "weight_column"), _PLACE),
    **dict.fromkeys(("features", "drop"), _LIST),
    **dict.fromkeys(("val_size", "label_noise"), _NUMBER),
    "test_size": frozenset((float, int, NoneType)),
    "train_size": _EPOCH,
}
_DIAGNOSTICS: Kinds = {
    **dict.fromkeys(("r_hat_predictions", "ess_predictions"), _NUMBER),
    **dict.fromkeys(("trials", "trial_epochs"), _COUNT),
    "warnings": _LIST,
    "tried": _TABLE,
}
_BATCH: Kinds = {"select": _TEXT, "planned": _COUNT}


def require_record(record: Any) -> dict[str, Any]:
    """Return a decoded record as it is.

    Raises:
        Malformed: if it is not one of a run; the field that is wrong is named.
    """
    if type(record) is not dict:
        raise Malformed("its record is none")
    wrong = _wrong(record)
    if wrong is not None:
        raise Malformed(f"its '{wrong}' cannot be")
    return record


def require_names(names: Any) -> tuple[str, ...]:
    """Return the batches of a run; raise Malformed if they cannot be."""
    if not _all(names, _TEXT):
        raise Malformed("its batches cannot be")
    return tuple(names)


def require_batches(known: Any) -> dict[str, dict[str, Any]]:
    """Return what is known of batches, by name; raise Malformed if it cannot be."""
    tables = type(known) is dict and _TABLE.issuperset(map(type, known.values()))
    if not tables or any(_misfit(own, _BATCH) is not None for own in known.values()):
        raise Malformed("it cannot be")
    return dict(known)


def _wrong(record: Mapping[str, Any]) -> str | None:
    """Return a field that is missing or cannot be, None if all is well."""
    for name in _FIRST:
        if name not in record:
            return name
    wrong = _misfit(record, _RECORD)
    if wrong is not None:
        return wrong
    if record["status"] not in STATUSES:
        return "status"
    if record["axis"] not in _AXES:
        return "axis"
    return (
        _wrong_inside(record)
        or _wrong_spec(record["spec"])
        or _wrong_diagnostics(record.get("diagnostics"))
    )


def _wrong_inside(record: Mapping[str, Any]) -> str | None:
    """Return a list or table, its own fields apart, that does not hold what it should."""
    parts = record["parts"]
    if not (parts.keys() <= _PARTS and _TEXT.issuperset(map(type, parts.values()))):
        return "parts"
    for name in ("final", "baselines"):
        if name in record and not _are_scores(record[name].values()):
            return name
    for name in ("notes", "classes", "target_names"):
        if name in record and not _TEXT.issuperset(map(type, record[name])):
            return name
    if "sizes" in record and not _are_counts(record["sizes"]):
        return "sizes"
    if "environment" in record and not is_plain(record["environment"]):
        return "environment"
    return None


def _wrong_spec(spec: Mapping[str, Any]) -> str | None:
    wrong = _misfit(spec, _SPEC)
    if wrong is not None:
        return f"spec.{wrong}"
    if "data" in spec and (wrong := _wrong_data(spec["data"])) is not None:
        return f"spec.data.{wrong}"
    if "hidden" in spec and not _are_counts(spec["hidden"]):
        return "spec.hidden"
    if "versions" in spec and not _are_counts(spec["versions"].values()):
        return "spec.versions"
    if "remedies" in spec:
        for name, settings in spec["remedies"].items():
            if type(settings) is not dict or not is_plain(settings):
                return f"spec.remedies.{name}"
    return None


def _wrong_data(data: Mapping[str, Any]) -> str | None:
    wrong = _misfit(data, _DATA)
    if wrong is not None:
        return wrong
    for name in ("features", "drop"):
        if data.get(name) and not _TEXT.issuperset(map(type, data[name])):
            return name
    return None if data.get("resample") in _RESAMPLES else "resample"


def _wrong_diagnostics(found: Mapping[str, Any] | None) -> str | None:
    if not found:
        return None
    wrong = _misfit(found, _DIAGNOSTICS)
    if wrong is not None:
        return f"diagnostics.{wrong}"
    if not _TEXT.issuperset(map(type, found.get("warnings", ()))):
        return "diagnostics.warnings"
    if not all(_all(own, _TEXT) for own in found.get("tried", {}).values()):
        return "diagnostics.tried"
    return None


def _misfit(content: Mapping[str, Any], kinds: Kinds) -> str | None:
    """Return what is not of its kind, negative, or, where nothing is known of it, not plain."""
    for name, value in content.items():
        kind = type(value)
        if name not in kinds:
            if kind not in _LEAF and not is_plain(value):
                return name
        elif kind not in kinds[name] or (kind is int and not 0 <= value <= _LARGEST):
            return name
    return None


def _all(values: Any, kinds: frozenset[type]) -> bool:
    return type(values) is list and kinds.issuperset(map(type, values))


def _are_counts(values: Collection[Any]) -> bool:
    ints = _COUNT.issuperset(map(type, values))
    return ints and (not values or 0 <= min(values) <= max(values) <= _LARGEST)


def _are_scores(groups: Iterable[Any]) -> bool:
    """Tell whether these are tables of metrics."""
    for metrics in groups:
        if type(metrics) is not dict:
            return False
        if not _FLOAT.issuperset(map(type, metrics.values())):
            return _NUMBER.issuperset(map(type, metrics.values())) and is_plain(metrics)
    return True


def is_plain(value: Any, depth: int = _DEEPEST) -> bool:
    """Tell whether this is JSON that a table can hold and a page can show."""
    kind = type(value)
    if kind is list or kind is dict:
        for own in value.values() if kind is dict else value:
            if type(own) not in _LEAF and not (depth and is_plain(own, depth - 1)):
                return False
        return True
    return kind in _LEAF or (kind is int and -_LARGEST <= value <= _LARGEST)
