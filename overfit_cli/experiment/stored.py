"""What a stored run says of itself, read again: what it was trained from, and its model.

The store has checked kinds and shapes; here is whether this program knows what to make of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from overfit_cli.core.layout import Layout
from overfit_cli.errors import StoreError, UsageError, choose
from overfit_cli.experiment.options import RunOptions, accidental
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.records import Model, RunResult
from overfit_cli.remedies import REGISTRY

_ELSEWHERE = ("data", "fingerprint", "remedies", "versions")


def result_spec(result: RunResult) -> RunSpec:
    """Return the spec a stored run was trained from.

    Raises:
        StoreError: it is none that this program can train: damaged, or of another version.
    """
    try:
        spec = RunSpec.model_validate_json(json.dumps(dict(result.spec)), strict=True)
        own = {name: value for name, value in spec if name not in _ELSEWHERE}
        RunOptions.model_validate(own | {k: v for k, v in vars(spec.data).items() if v is not None})
        unused = accidental(spec.settings)
        remedies = {
            choose(name, REGISTRY, "method"): REGISTRY[name].settings(
                {option: value for option, value in settings.items() if option not in unused}
            )
            for name, settings in spec.remedies.items()
        }
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise _unknown(result.run_id, f"spec.{where}: {first['msg']}") from error
    except (UsageError, ValueError) as error:
        raise _unknown(result.run_id, f"spec: {error}") from error
    said = (result.method, result.dataset, result.seed)
    if not remedies or (spec.method, spec.data.dataset, spec.seed) != said:
        raise _unknown(result.run_id, "spec: it is another run's")
    return spec.model_copy(update={"remedies": remedies})


def require_own_spec(result: RunResult, spec: RunSpec) -> None:
    """Check that a run of today's versions is the one that its id names, before it is trained.

    Raises:
        StoreError: it is another.
    """
    if spec.run_id != result.run_id:
        raise _unknown(result.run_id, "spec: it is another run's")


def require_model(result: RunResult) -> Model | None:
    """Return the model of a stored run, None if there is none.

    Raises:
        StoreError: it is none that this program can predict with.
    """
    model = result.model
    if model is not None:
        wrong = _misfit(model, result)
        if wrong:
            raise _unknown(result.run_id, f"model: {wrong}")
    return model


def _unknown(run_id: str, why: str) -> StoreError:
    return StoreError(
        f"run {run_id}: its record is of another version of overfit, or damaged: "
        f"{why.removesuffix('.')}. That version can read it; if it is damaged, `overfit rm` it."
    )


def _misfit(model: Model, result: RunResult) -> str:
    """Return what does not fit the record, or itself; "" if all does."""
    schema, sizes = model.schema, list(result.sizes)
    n_classes, n_targets = len(result.classes), len(result.target_names)
    said = {
        "sizes": sizes,
        "classes": list(result.classes),
        "target_names": list(result.target_names),
    }
    for name, value in said.items():
        if schema.get(name) != value:
            return name
    outputs = {"categorical": n_classes, "bernoulli": 1} if n_classes else {"gaussian": n_targets}
    if sizes[-1:] != [outputs.get(str(schema.get("likelihood")))]:
        return "likelihood"
    if len(sizes) < 2 or sizes[1:-1] != list(result.spec["hidden"]):
        return "sizes"
    if model.parameters.shape[1:] != (Layout(tuple(sizes)).n_parameters,):
        return "parameters"
    if model.noise_sd is not None and model.noise_sd.shape[1:] != (n_targets,):
        return "noise_sd"
    wide = {"target_mean": n_targets, "target_scale": n_targets}
    if wrong := _wrong_columns(schema.get("columns"), sizes[0]):
        return wrong
    n_values = len(schema["columns"]["values"])
    wide |= {"mean": n_values, "scale": n_values}
    if "constant" in model.arrays:
        wide["constant"] = sizes[0] - n_values
    return _wrong_arrays(model, wide)


def _wrong_arrays(model: Model, widths: Mapping[str, int]) -> str:
    for name, width in widths.items():
        array = model.arrays.get(name)
        if array is None or array.dtype.kind != "f" or array.shape != (width,):
            return name
    return ""


def _wrong_columns(columns: Any, n_inputs: int) -> str:
    """Return what cannot be in the schema of a preprocessing (see describe_columns)."""
    if not isinstance(columns, dict) or not _texts(columns.get("numeric_names")):
        return "columns"
    categories = columns.get("categories")
    if not isinstance(categories, list) or not all(map(_is_category, categories)):
        return "columns.categories"
    n_numbers, n_words = len(columns["numeric_names"]), len(categories)
    ends = {"values": n_numbers, "indicators": n_numbers}
    ends |= {"one_hot": n_words, "one_hot_missing": n_words}
    for name, end in ends.items():
        if not _places(columns.get(name), end):
            return f"columns.{name}"
    width = sum(len(columns[name]) for name in ("values", "indicators", "one_hot_missing"))
    width += sum(len(categories[at][1]) for at in columns["one_hot"])
    if (
        not _texts(columns.get("input_names"))
        or not width == len(columns["input_names"]) == n_inputs
    ):
        return "columns.input_names"
    return "" if columns.get("dtype") in ("float32", "float64") else "columns.dtype"


def _is_category(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and _texts([value[0]]) and _texts(value[1])


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _places(value: Any, end: int) -> bool:
    """Tell whether these are different places below `end`, in order."""
    if not isinstance(value, list) or not all(type(item) is int for item in value):
        return False
    places: Sequence[int] = value
    return places == sorted(set(places)) and all(0 <= place < end for place in places)
