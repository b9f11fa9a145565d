"""`overfit refit`: train the chosen method on all rows and keep the model."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from overfit_cli.cli.flags import METHODS, SHARED, with_flags
from overfit_cli.cli.places import JsonOption, StoreOption

LEFT_OUT = ("val_size", "test_size", "train_size", "label_noise", "resample", "seeds")


@with_flags(tuple(flag for flag in SHARED if flag.key not in LEFT_OUT))
def refit(
    method: Annotated[
        str,
        typer.Argument(
            metavar="METHOD", help="A method, or a run's id.", autocompletion=lambda: list(METHODS)
        ),
    ],
    given: dict[str, Any],
    config: Annotated[
        str | None, typer.Option(metavar="FILE", help="TOML file; options override it.")
    ] = None,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Train the chosen method on all rows and save the model."""
    from overfit_cli.cli.refitting import refit_all_rows

    refit_all_rows(method, given, config, store, json)
