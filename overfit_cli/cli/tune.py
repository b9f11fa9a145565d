"""`overfit tune`: declarations; what it does stands in tuning.py."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from overfit_cli.cli.batch import BUILT_IN, complete_config
from overfit_cli.cli.flags import METHOD, SHARED, with_flags
from overfit_cli.cli.places import JsonOption, StoreOption, WorkersOption
from overfit_cli.errors import UsageError


def _eta(text: str) -> int:
    if not text.isdecimal() or not 2 <= int(text) <= 100:
        raise UsageError(f"--eta: '{text}' is not a whole number from 2 to 100.")
    return int(text)


def _budget(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) < 10**12:
        raise UsageError(f"--budget: '{text}' is not a whole number of epochs, such as 200.")
    return int(text)


@with_flags((METHOD, *SHARED))
def tune(
    given: dict[str, Any],
    config: Annotated[
        str,
        typer.Argument(
            metavar="[CONFIG]",
            help=f"A batch's config, file or shipped [{BUILT_IN}]; options override it.",
            show_default=False,
            autocompletion=complete_config,
        ),
    ] = BUILT_IN,
    eta: Annotated[
        int | None,
        typer.Option(metavar="N", parser=_eta, help="One of N settings survives each rung [3]."),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option(
            metavar="EPOCHS",
            parser=_budget,
            help="Epochs that each method may spend per seed [what the largest grid takes]; "
            "a grid too large for it is sampled.",
        ),
    ] = None,
    workers: WorkersOption = None,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Find each method's best setting on validation rows, by successive halving.

    All settings of a config's grid start; at a third, a ninth, … of the epochs only the best third
    trains on, per method and seed. Every method has the same budget of epochs. The winners are
    stored as runs of the batch, the same bit for bit as `overfit batch` would have trained, and
    `overfit compare` compares them; test rows are looked at for winners only. After an
    interruption the same command trains only what has no stored winner yet.
    """
    from overfit_cli.cli.tuning import TuneRequest, run_tune

    run_tune(TuneRequest(given, config, eta, budget, workers, store, json))
