"""SELECTION: which stored runs are meant.

Words separated by blanks. A word is `last`, a batch's name, a run id or the unique beginning of
one (several: separated by commas), or `key=value`. Names unite; pairs narrow, and all must hold.
Values separated by commas are alternatives. Keys: method, dataset, seed, status, batch, and those
of the spec, inner ones with dots.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from overfit_cli.errors import UsageError, unknown
from overfit_cli.store.summary import RunSummary

_OWN_KEYS = ("method", "dataset", "seed", "status")


@dataclass(frozen=True)
class Selection:
    """names: `last`, batches, run ids and their beginnings; pairs: (key, wanted text)."""

    names: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()


def parse(text: str) -> Selection:
    """Split SELECTION into names and pairs; "" selects every run.

    Raises:
        UsageError: for a pair without key or value.
    """
    names: list[str] = []
    pairs: list[tuple[str, str]] = []
    for word in text.split():
        key, equals, value = word.partition("=")
        if not equals:
            names += [name for name in word.split(",") if name]
        elif key and value:
            pairs.append((key, value))
        else:
            raise UsageError(f"selection '{word}': write key=value, such as method=dropout.")
    return Selection(tuple(names), tuple(pairs))


def narrow(runs: Sequence[RunSummary], pairs: Sequence[tuple[str, str]]) -> list[RunSummary]:
    """Return the runs for which every pair holds.

    Raises:
        UsageError: for a key no run has, or a value none of the remaining runs has.
    """
    chosen = list(runs)
    for key, wanted in pairs:
        held = [(run, values(run, key)) for run in chosen]
        if chosen and not any(texts for _, texts in held):
            if key == "batch":
                raise UsageError(f"no batch '{wanted}': none of the selected runs has a batch.")
            raise UsageError(unknown(key, _keys(chosen), "key of a selection"))
        chosen = [run for run, texts in held if any(_matches(text, wanted) for text in texts)]
        if held and not chosen:
            found = sorted({text for _, texts in held for text in texts})
            raise UsageError(unknown(wanted, found[:20], f"{key} among the selected runs;"))
    return chosen


def values(run: RunSummary, key: str) -> tuple[str, ...]:
    """Return the texts that `key=` may name for this run; none if it lacks the key."""
    if key == "batch":
        return run.batches
    if key in _OWN_KEYS:
        return (_text(getattr(run, key)),)
    found: Any = run.spec
    for name in (key,) if key in run.spec else key.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return ()
        found = found[name]
    return (_text(found),)


def _matches(text: str, wanted: str) -> bool:
    # The whole first: `hidden=256,256` and `dataset=moons:n=200,noise=0.3` hold commas.
    return any(_same(text, one) for one in (wanted, *wanted.split(",")))


def _same(text: str, wanted: str) -> bool:
    if text == wanted:
        return True
    try:
        return math.isclose(float(text), float(wanted), rel_tol=1e-12)
    except ValueError:
        return False


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    if isinstance(value, list | tuple):
        return ",".join(_text(item) for item in value)
    return str(value)


def _keys(runs: Sequence[RunSummary]) -> list[str]:
    inner = {
        f"{key}.{name}"
        for run in runs
        for key, value in run.spec.items()
        if isinstance(value, Mapping)
        for name in value
    }
    return [*_OWN_KEYS, "batch", *sorted({key for run in runs for key in run.spec} | inner)]
