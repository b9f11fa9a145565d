"""`overfit verify`: train a stored run again and compare."""

from __future__ import annotations

from typing import Annotated

import typer

from overfit_cli.cli.places import JsonOption, RunArgument, StoreOption


def verify(
    run: RunArgument = "last",
    store: StoreOption = None,
    tolerance: Annotated[
        float,
        typer.Option(min=0, help="Largest difference allowed in another environment."),
    ] = 1e-3,
    json: JsonOption = False,
) -> None:
    """Train a stored run again from its record and compare it, bit for bit."""
    from overfit_cli.cli.verification import verify_run

    verify_run(run, store, tolerance, json)
