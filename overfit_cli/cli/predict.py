"""`overfit predict`: what a stored run says about new rows."""

from __future__ import annotations

from typing import Annotated

import typer

from overfit_cli.cli.places import JsonOption, RunArgument, StoreOption


def predict(
    run: RunArgument,
    file: Annotated[str, typer.Argument(metavar="FILE", help="New rows; no target needed.")],
    store: StoreOption = None,
    output: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write here instead of stdout.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Print class probabilities, or means with uncertainty, for new rows, as CSV or JSON."""
    from overfit_cli.cli.prediction import predict_rows

    predict_rows(run, file, store, output, json)
