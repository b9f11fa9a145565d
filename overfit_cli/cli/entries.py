"""The registries as pages of `overfit methods` and `overfit datasets`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from overfit_cli.bayes import INFERENCES, WHY_THE_DEFAULT
from overfit_cli.cli.console import show, write
from overfit_cli.data import SOURCES
from overfit_cli.errors import UsageError, choose
from overfit_cli.remedies import REGISTRY
from overfit_cli.remedies.bayes import BAYES
from overfit_cli.remedies.remedy import Option
from overfit_cli.report.catalogue import (
    Entry,
    Kind,
    OptionLine,
    catalogue,
    catalogue_json,
    entry_page,
)
from overfit_cli.report.escape import shell

CHANGES = {
    "splits": "the split (--resample splits)",
    "fixed": "nothing of the test rows (--resample fixed)",
    "draws": "every row (--resample draws)",
}


def show_entries(
    kind: Kind, what: str, entries: Sequence[Entry], name: str | None, json: bool
) -> None:
    """Print all entries, or one of them."""
    if name is not None:
        if kind == "datasets":
            _refuse_file(name)
        choose(name, [entry.name for entry in entries], what)
        entries = [entry for entry in entries if entry.name == name]
    if json:
        write(catalogue_json(kind, entries))
    else:
        show(catalogue(entries) if name is None else entry_page(entries[0]))


def _refuse_file(name: str) -> None:
    if ":" not in name and (Path(name).suffix or "/" in name):
        raise UsageError(
            f"'{name}' is no named data set. A file is given to run:\n"
            + shell(["overfit", "run", "--dataset", name])
        )


def method_entries() -> list[Entry]:
    """Return the remedies, each with what bayes' inferences say about combining with it."""
    return [
        Entry(
            name=remedy.name,
            summary=remedy.summary,
            formula=remedy.formula,
            options=tuple(
                OptionLine(option.flag, _default(option), option.allowed, option.help)
                for option in remedy.options
            ),
            source=remedy.source,
            example=remedy.example,
            refuses=tuple(
                f"bayes --inference {inference.name}"
                for inference in INFERENCES.values()
                if remedy.name in inference.refuses
            ),
            facts=_inferences() if remedy.name == "bayes" else (),
        )
        for remedy in REGISTRY.values()
    ]


def inference_entries() -> list[Entry]:
    """Return the inferences of bayes, under their own names."""
    return [
        Entry(
            name=name,
            summary=f"bayes --inference {name}: {inference.summary}",
            source=inference.source,
            example=f"overfit run --method bayes --inference {name}",
            facts=(("all of them", "overfit methods bayes"),),
        )
        for name, inference in INFERENCES.items()
    ]


def _inferences() -> tuple[tuple[str, str], ...]:
    told = tuple(
        (f"--inference {name}", f"{inference.summary} ({inference.source})")
        for name, inference in INFERENCES.items()
    )
    default = next(option.default for option in BAYES.options if option.name == "inference")
    return (*told, (f"why {default}", WHY_THE_DEFAULT))


def dataset_entries() -> list[Entry]:
    """Return the named data sets."""
    return [
        Entry(
            name=source.name,
            summary=source.summary,
            options=tuple(
                OptionLine(
                    key,
                    _plain(option.default),
                    f"from {option.low:.12g} to {option.high:.12g}",
                    option.help,
                )
                for key, option in source.options.items()
            ),
            source=source.citation,
            example=f"overfit run --dataset {source.example}",
            facts=(("task", source.task), ("a new seed changes", CHANGES[source.resample])),
        )
        for source in SOURCES.values()
    ]


def _default(option: Option) -> str:
    if not option.defaults:
        return _plain(option.default)
    return ", ".join(f"{name} {_plain(value)}" for name, value in option.defaults.items())


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower()
