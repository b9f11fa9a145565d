"""What methods measure about themselves, in words: sparsity, noise, acceptance, R-hat."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from overfit_cli.records import RunResult, finite
from overfit_cli.report.figures import mean
from overfit_cli.report.seeds import by_method, shown
from overfit_cli.words import count

WHOLE = 1000
"""From here on decimals say nothing."""


def diagnostics_lines(results: Sequence[RunResult]) -> Iterable[str]:
    """Yield the single numbers of each method's diagnostics, means over seeds."""
    for method, runs in by_method(results).items():
        columns: dict[str, list[float]] = {}
        for run in shown(runs):
            for name, value in _numbers("", run.diagnostics):
                columns.setdefault(name, []).append(value)
        if columns:
            means = {name: mean(found) for name, found in columns.items()}
            yield f"{method}: {', '.join(_told(means))}"


def diagnostics_facts(diagnostics: Mapping[str, Any]) -> dict[str, str]:
    """Return one run's diagnostics as names and texts, numbers as a reader wants them."""
    return {
        name: _text(value) for name, value in _flat("", diagnostics) if value not in (None, [], {})
    }


def figure(value: float) -> str:
    """Return four digits, a whole number with its thousands separated, or `unknown` for NaN."""
    if math.isnan(value):
        return "unknown"
    return count(round(value)) if WHOLE <= abs(value) < 1e15 else f"{value:.4g}"


def _told(means: dict[str, float]) -> Iterable[str]:
    """Yield `name number`, and the zero weights of l1 in a sentence."""
    if {"zero_weights", "weights"} <= set(means):
        zero, whole = means.pop("zero_weights"), means.pop("weights")
        yield f"{figure(round(zero))} of {figure(whole)} weights are zero"
    yield from (f"{name} {figure(value)}" for name, value in means.items())


def _numbers(prefix: str, content: Mapping[str, Any]) -> Iterable[tuple[str, float]]:
    """Yield what is one number, also where it stands alone in a list."""
    for name, value in _flat(prefix, content):
        alone = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
        if _is_number(alone):
            yield name, float(alone)


def _flat(prefix: str, content: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{key}.", value)
        else:
            yield f"{prefix}{key}", value


def _text(value: Any) -> str:
    if _is_number(value):
        return figure(value)
    if isinstance(value, list | tuple) and all(map(_is_number, value)):
        return ", ".join(map(figure, value))
    plain = finite(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
