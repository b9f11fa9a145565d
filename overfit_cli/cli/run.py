"""`overfit run`: declaration; what it does stands in training.py."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from overfit_cli.cli.flags import METHOD, SHARED, with_flags
from overfit_cli.cli.places import EveryOption, JsonOption, StoreOption, WorkersOption


@with_flags((METHOD, *SHARED))
def run(
    given: dict[str, Any],
    config: Annotated[
        str | None, typer.Option(metavar="FILE", help="TOML file; options override it.")
    ] = None,
    store: StoreOption = None,
    save_model: Annotated[
        bool, typer.Option("--save-model", help="Store parameters of 10 MB and more too.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Take runs that are stored already from the store.")
    ] = False,
    workers: WorkersOption = None,
    every: EveryOption = None,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the curves.")] = False,
    json: JsonOption = False,
) -> None:
    """Train one method, or several side by side; print curves and a summary; store the runs."""
    from overfit_cli.cli.asking import Request, announce

    request = Request(
        given=given,
        config=config,
        store=store,
        save_model=save_model,
        resume=resume,
        workers=workers,
        every=every,
        plot=plot,
        json=json,
    )
    asked = announce(request)
    # only now, so that the first line does not wait for what comes after it
    from overfit_cli.cli.training import train_and_show

    train_and_show(request, asked)
