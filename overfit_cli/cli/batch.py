"""`overfit batch` and `overfit schema`: declarations; what they do stands in batching.py."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from overfit_cli.cli.flags import METHOD, SHARED, with_flags
from overfit_cli.cli.places import JsonOption, StoreOption, WorkersOption
from overfit_cli.errors import UsageError

EXECUTORS = ("serial", "processes", "dask")
BUILT_IN = "remedies"


def _shard(text: str) -> str:
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise UsageError(f"--shard: '{text}' is not i/n with i from 1 to n, such as 2/4.")
    return text


def complete_config() -> list[str]:
    """Return the shipped configs, for shell completion."""
    from overfit_cli.experiment.config import shipped

    return sorted(shipped())


@with_flags((METHOD, *SHARED))
def batch(
    given: dict[str, Any],
    config: Annotated[
        str | None,
        typer.Argument(
            metavar="[CONFIG]",
            help=f"A TOML file or a shipped config's name [{BUILT_IN}]; options override it.",
            show_default=False,
            autocompletion=complete_config,
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What to call it [as the config; else after the data]."),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say how many runs, how long, how large; run nothing.")
    ] = False,
    executor: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(EXECUTORS),
            help="Where to run [processes; a short batch: serial].",
            autocompletion=lambda: list(EXECUTORS),
        ),
    ] = None,
    workers: WorkersOption = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="tcp://host:port of a Dask cluster.")
    ] = None,
    stall: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="A worker without progress for so long is replaced."),
    ] = 1800.0,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Train runs again that failed before.")
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option(metavar="I/N", parser=_shard, help="Only part I of N; see overfit merge."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="More than 10,000 runs are meant.")] = False,
    save_model: Annotated[
        bool, typer.Option("--save-model", help="Store parameters of 10 MB and more too.")
    ] = False,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Plan and run methods x grids x seeds; what is stored already is not run again."""
    from overfit_cli.cli.batching import BatchRequest, run_batch

    request = BatchRequest(
        given=given,
        config=config,
        name=name,
        plan=plan,
        executor=executor,
        workers=workers,
        scheduler=scheduler,
        stall=stall,
        retry_failed=retry_failed,
        shard=shard,
        yes=yes,
        save_model=save_model,
        store=store,
        json=json,
    )
    run_batch(request)


def schema() -> None:
    """Print the JSON Schema of a config."""
    import json

    from overfit_cli.cli.console import write
    from overfit_cli.experiment.schema import config_schema

    write(json.dumps(config_schema(), indent=2))
