"""`overfit list`, `overfit show` and `overfit rm`: what is in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from overfit_cli.cli.places import (
    EveryOption,
    JsonOption,
    RunArgument,
    StoreOption,
    complete_run,
    store_exists,
    store_path,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from overfit_cli.report.listing import StoredRun
    from overfit_cli.store import RunSummary

SELECTION = "Run ids, their beginnings, 'last', a batch name, or key=value."

SelectionArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SELECTION]...", help=SELECTION, autocompletion=complete_run),
]


def list_runs(
    selection: SelectionArgument = None,
    store: StoreOption = None,
    json: JsonOption = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """List stored runs."""
    from overfit_cli.cli.console import show as print_out
    from overfit_cli.cli.console import write
    from overfit_cli.report.listing import list_csv, list_json, run_list
    from overfit_cli.store import Store

    with Store.open(store_path(store), "read") as opened:
        runs = [_row(run) for run in opened.select(" ".join(selection or []))]
    if json:
        write(list_json(runs))
    elif csv:
        write(list_csv(runs))
    else:
        print_out(run_list(runs))


def _row(run: RunSummary) -> StoredRun:
    from overfit_cli.report.listing import StoredRun

    regression = run.is_regression
    return StoredRun(
        run_id=run.run_id,
        created=run.created,
        method=run.method,
        dataset=run.dataset,
        seed=run.seed,
        status=run.status,
        val_nll=run.val_nll,
        test_nll=run.test_nll,
        test_error=None if regression else run.test_error,
        test_rmse=run.test_error if regression else None,
        seconds=run.seconds,
        batches=run.batches,
        settings=_settings(run.spec),
    )


def _settings(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the learning rate and the remedies' options, but for what moves nothing."""
    from overfit_cli.experiment.options import idle_options

    own = {name: value for name, value in spec.items() if name not in ("remedies", "data")}
    options = {k: v for each in spec.get("remedies", {}).values() for k, v in each.items()}
    idle = idle_options(own | options)
    wanted = {name: spec[name] for name in ("lr",) if name in spec} | options
    return {name: value for name, value in wanted.items() if name not in idle}


def show(
    run: RunArgument = "last",
    store: StoreOption = None,
    every: EveryOption = None,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the curves.")] = False,
    json: JsonOption = False,
) -> None:
    """Show a stored run's curves and details again."""
    from overfit_cli.cli.console import show as print_out
    from overfit_cli.cli.console import write
    from overfit_cli.cli.one_run import load_one
    from overfit_cli.cli.subject import subject_of_result
    from overfit_cli.report.json_text import runs_json
    from overfit_cli.report.page import show_page
    from overfit_cli.store import Store

    with Store.open(store_path(store), "read") as opened:
        result = load_one(opened, run)
    if json:
        write(runs_json([result]))
    else:
        print_out(show_page(result, subject_of_result(result), every, plot))


def rm(
    selection: Annotated[
        list[str],
        typer.Argument(metavar="SELECTION...", help=SELECTION, autocompletion=complete_run),
    ],
    store: StoreOption = None,
) -> None:
    """Remove stored runs."""
    from overfit_cli.cli.console import say
    from overfit_cli.errors import StoreError, UsageError
    from overfit_cli.store import Store
    from overfit_cli.words import count, plural

    path = store_path(store)
    if not "".join(selection).strip():
        raise UsageError("an empty SELECTION would remove every run; name the runs to remove.")
    if not store_exists(path):
        raise StoreError(f"store {path}: there is none, so there is nothing to remove.")
    with Store.open(path) as opened:
        selected = opened.resolve(" ".join(selection))
        shared = opened.leave(" ".join(selection))
        removed = opened.remove([run_id for run_id in selected if run_id not in shared])
    said = f"removed {plural(removed, 'run')}"
    if shared:
        others = ", ".join(f"'{name}'" for name in sorted({*shared.values()}))
        said += f"; {count(len(shared))} more are of {others} too, and stay there"
    say(f"{said}.")
