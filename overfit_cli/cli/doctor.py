"""`overfit doctor`: versions, BLAS, the store's health, optional parts."""

from __future__ import annotations

from typing import Annotated

import typer

from overfit_cli.cli.places import JsonOption, StoreOption


def doctor(
    store: StoreOption = None,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair", help="Put every intact run of a damaged store into a new one in its place."
        ),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Check the installation and the store."""
    from overfit_cli.cli.examination import examine

    examine(store, repair, json)
