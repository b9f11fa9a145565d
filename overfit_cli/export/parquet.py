"""Runs as Parquet files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from overfit_cli.errors import StoreError
from overfit_cli.export.runs import curves_table, predictions_table, runs_table
from overfit_cli.records import RunResult
from overfit_cli.report.files import write_file


def write_parquet(runs: Sequence[RunResult], folder: str) -> list[str]:
    """Write runs, curves and, where there are any, predictions into `folder`; return the paths.

    Predictions of an earlier export are removed, for they are not of these runs.

    Raises:
        StoreError: the disk or the name refuses; each file is there whole or not at all.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise StoreError(f"{folder!r}: {getattr(error, 'strerror', None) or error}.") from None
    tables = {"runs": runs_table(runs), "curves": curves_table(runs)}
    predictions = predictions_table(runs)
    if len(predictions):
        tables["predictions"] = predictions
    else:
        _remove(Path(folder) / "predictions.parquet")
    paths = []
    for name, table in tables.items():
        raw = io.BytesIO()
        table.to_polars().write_parquet(raw)
        paths.append(str(Path(folder) / f"{name}.parquet"))
        write_file(paths[-1], raw.getvalue())
    return paths


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{str(path)!r}: {error.strerror}.") from None
