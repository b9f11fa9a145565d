"""`overfit methods` and `overfit datasets`: what there is."""

from __future__ import annotations

from typing import Annotated

import typer

from overfit_cli.cli.flags import METHODS
from overfit_cli.cli.places import JsonOption

NameArgument = Annotated[str | None, typer.Argument(metavar="[NAME]", help="One of them.")]
MethodArgument = Annotated[
    str | None,
    typer.Argument(metavar="[NAME]", help="One of them.", autocompletion=lambda: list(METHODS)),
]


def methods(name: MethodArgument = None, json: JsonOption = False) -> None:
    """List the methods; for one: formula, options, defaults, source, an example."""
    from overfit_cli.cli.entries import inference_entries, method_entries, show_entries

    hidden = [entry for entry in inference_entries() if entry.name == name]
    show_entries("methods", "method", hidden or method_entries(), name, json)


def datasets(name: NameArgument = None, json: JsonOption = False) -> None:
    """List the data sets; for one: options, source, an example."""
    from overfit_cli.cli.entries import dataset_entries, show_entries

    show_entries("datasets", "data set", dataset_entries(), name, json)
