"""JSON documents for programs: one document, keys in their declared order, no NaN."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from overfit_cli.records import RunResult, finite


def runs_json(results: Iterable[RunResult]) -> str:
    """Return the document of `run --json` and `show --json`, schema `overfit.run/1`."""
    return document("overfit.run/1", runs=[result.to_json() for result in results])


def document(schema: str, **content: Any) -> str:
    """Return one JSON document: `schema` first, non-finite numbers null, floats round-trip.

    One line, in ASCII, every other character as its escape: no terminal can be steered by it and
    no encoding can refuse it.
    """
    return json.dumps({"schema": schema} | finite(content), allow_nan=False)
