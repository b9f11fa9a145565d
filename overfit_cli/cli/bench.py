"""`overfit bench`: how fast this machine trains, and what a config would take."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from overfit_cli.cli.batch import BUILT_IN, complete_config
from overfit_cli.cli.flags import METHOD, SHARED, with_flags
from overfit_cli.cli.places import JsonOption


@with_flags((METHOD, *SHARED))
def bench(
    given: dict[str, Any],
    config: Annotated[
        str,
        typer.Argument(
            metavar="[CONFIG]",
            help=f"What to measure for [{BUILT_IN}]; options override it.",
            show_default=False,
            autocompletion=complete_config,
        ),
    ] = BUILT_IN,
    json: JsonOption = False,
) -> None:
    """Time training steps on this machine, beside bare matrix products; nothing is stored."""
    from overfit_cli.cli.benching import run_bench

    run_bench(given, config, json)
