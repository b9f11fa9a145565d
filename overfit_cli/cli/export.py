"""`overfit export`: stored runs as Parquet files, or in an MLflow tracking store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from overfit_cli.cli.places import StoreOption
from overfit_cli.cli.stored import SelectionArgument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from overfit_cli.records import RunResult
    from overfit_cli.store import Store

FORMATS = ("parquet", "mlflow")


def export(
    selection: SelectionArgument = None,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="|".join(FORMATS),
            help="Files for polars, pandas or DuckDB, or a tracking store (needs mlflow).",
            autocompletion=lambda: list(FORMATS),
        ),
    ] = "parquet",
    output: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help="A folder [overfit-export], or MLflow's SQLite file or address [mlflow.db].",
        ),
    ] = None,
    predictions: Annotated[
        bool, typer.Option("--predictions", help="Parquet: also the predictions for test rows.")
    ] = False,
    experiment: Annotated[
        str, typer.Option(metavar="NAME", help="MLflow: the experiment to write into.")
    ] = "overfit",
    store: StoreOption = None,
) -> None:
    """Write stored runs, all of them or SELECTION, for other programs."""
    from overfit_cli.cli.console import say
    from overfit_cli.cli.places import store_path
    from overfit_cli.errors import UsageError, choose
    from overfit_cli.store import Store

    choose(form, FORMATS, "--format")
    if predictions and form != "parquet":
        raise UsageError("--predictions belongs to --format parquet.")
    with Store.open(store_path(store), "read") as opened:
        runs = _runs(opened, " ".join(selection or []), predictions)
        if form == "parquet":
            say(_parquet(runs, output or "overfit-export", predictions))
        else:
            say(_mlflow(runs, output or "mlflow.db", experiment))


def _runs(store: Store, selection: str, predictions: bool) -> Iterator[RunResult]:
    from overfit_cli.errors import UsageError

    run_ids = [run.run_id for run in store.select(selection)]
    if not run_ids:
        raise UsageError(f"store {store.path} holds no runs to export.")
    return store.results(run_ids, ("curves", "predictions") if predictions else ("curves",))


def _parquet(runs: Iterator[RunResult], folder: str, predictions: bool) -> str:
    from overfit_cli.export.parquet import write_parquet
    from overfit_cli.report.escape import visible

    paths = write_parquet(list(runs), folder)
    none = " No run has predictions for test rows." if predictions and len(paths) < 3 else ""
    return visible(f"written: {', '.join(paths)}.{none}")


def _mlflow(runs: Iterator[RunResult], place: str, experiment: str) -> str:
    from overfit_cli.export.mlflow_store import address, write_mlflow
    from overfit_cli.report.escape import shell, visible
    from overfit_cli.words import plural

    new, known = write_mlflow(runs, place, experiment)
    more = f"; {plural(known, 'run')} were there" if known else ""
    look = shell(["mlflow", "ui", "--backend-store-uri", address(place)])
    return (
        visible(f"written: {plural(new, 'run')} into {place}{more}. To look at them:") + f"\n{look}"
    )
