"""The JSON Schema of a config, for editors and other programs."""

from __future__ import annotations

from typing import Any

from overfit_cli.experiment.config import NO_AXES, SELECT
from overfit_cli.experiment.options import REMEDY_OPTIONS, Options
from overfit_cli.remedies import REGISTRY
from overfit_cli.remedies.remedy import Option

KINDS = {float: "number", int: "integer", bool: "boolean", str: "string"}


def config_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema, draft 2020-12) of what `run --config` and `batch` read."""
    single = _keys()
    axes = {
        name: {"type": "array", "items": own, "minItems": 1}
        for name, own in single.items()
        if name not in NO_AXES
    }
    grid = {"type": "object", "properties": axes, "additionalProperties": False}
    table: dict[str, Any] = {
        "type": "object",
        "properties": {**single, "grid": grid},
        "additionalProperties": False,
    }
    select = {
        "type": "object",
        "properties": {"metric": {"enum": list(SELECT), "default": "nll"}},
        "additionalProperties": False,
        "description": "the validation metric that chooses settings, per method and seed",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "overfit config",
        **table,
        "properties": {
            "name": {"type": "string", "description": "the batch's name; default: the file's"},
            **table["properties"],
            "methods": {"type": "array", "items": table, "description": "one table per method"},
            "select": select,
        },
    }


def _keys() -> dict[str, dict[str, Any]]:
    known = Options.model_json_schema(mode="validation")["properties"]
    keys = {name: _without_title(own) for name, own in known.items()}
    for name, (_, option) in REMEDY_OPTIONS.items():
        keys[name] = _option(option)
    one = REMEDY_OPTIONS["p"][1]
    rate = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}
    keys["drop_rate"] = {
        "anyOf": [rate, {"type": "array", "items": rate}],
        "default": 1 - one.default,
        "description": "1 - p, the other convention",
    }
    for name in ("method", "features", "drop"):
        keys[name] = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    keys["method"]["description"] = f"{', '.join(REGISTRY)}, or several joined by +"
    keys["hidden"] = {
        "anyOf": [
            {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 100_000}},
            {"type": "string"},
        ],
        "default": list(Options.model_fields["hidden"].default),
        "description": "widths of the hidden layers; [] for none",
    }
    return keys


def _without_title(own: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in own.items() if key != "title"}


def _option(option: Option) -> dict[str, Any]:
    one: dict[str, Any] = {"type": KINDS[option.kind]}
    if option.choices:
        one["enum"] = list(option.choices)
    if option.low > -float("inf"):
        one["exclusiveMinimum" if option.low_open else "minimum"] = option.low
    if option.high < float("inf"):
        one["maximum"] = option.high
    found = {"anyOf": [one, {"type": "array", "items": one}]} if option.per_layer else one
    return {**found, "default": option.default, "description": option.help}
