"""`overfit doctor`: versions, BLAS, the store's health, optional parts."""

from __future__ import annotations

from overfit_cli.cli.places import JsonOption, StoreOption


def doctor(store: StoreOption = None, json: JsonOption = False) -> None:
    """Check the installation and the store."""
    from overfit_cli.cli.examination import examine

    examine(store, json)
