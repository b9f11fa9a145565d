"""Finished runs as one object: records, tables, frames, a notebook's view."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, overload

from overfit_cli.export.runs import curves_table, predictions_table, runs_table
from overfit_cli.export.table import Table, table_of
from overfit_cli.records import RunResult

if TYPE_CHECKING:
    import pandas
    import polars


@dataclass(frozen=True, repr=False)
class Runs:
    """Records of runs, in order; `runs[0].final["test"]["nll"]`, `runs[0].to_json()`."""

    results: tuple[RunResult, ...]

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self.results)

    def __iter__(self) -> Iterator[RunResult]:
        """Yield the records."""
        return iter(self.results)

    @overload
    def __getitem__(self, place: int) -> RunResult: ...

    @overload
    def __getitem__(self, place: slice) -> Runs: ...

    def __getitem__(self, place: int | slice) -> RunResult | Runs:
        """Return one record, or the runs of a slice."""
        found = self.results[place]
        return Runs(found) if isinstance(found, tuple) else found

    def __add__(self, other: Runs) -> Runs:
        """Return these runs and then the others."""
        return Runs(self.results + other.results) if isinstance(other, Runs) else NotImplemented

    def __repr__(self) -> str:
        """Return one line: how many runs of which methods, on what data."""
        methods = Counter(run.method for run in self.results)
        told = ", ".join(f"{n} {method}" for method, n in methods.items())
        data = ", ".join(dict.fromkeys(run.dataset for run in self.results))
        return f"Runs({told} on {data})" if self.results else "Runs()"

    @cached_property
    def table(self) -> Table:
        """A row per run: what it is, every setting, scores of all parts."""
        return runs_table(self.results)

    @cached_property
    def curves(self) -> Table:
        """A row per run and evaluated epoch (or draw)."""
        return curves_table(self.results)

    @cached_property
    def predictions(self) -> Table:
        """A row per run, test row and class (or target)."""
        return predictions_table(self.results)

    def to_polars(self) -> polars.DataFrame:
        """Return `table` as a polars frame; so have `curves` and `predictions` one."""
        return self.table.to_polars()

    def to_pandas(self) -> pandas.DataFrame:
        """Return `table` as a pandas frame; so have `curves` and `predictions` one."""
        return self.table.to_pandas()

    def _repr_html_(self) -> str:
        """Return the scores for a notebook."""
        return _scores(self.results)._repr_html_()


def _scores(runs: tuple[RunResult, ...]) -> Table:
    return table_of(
        [
            {"run": run.run_id, "method": run.method, "dataset": run.dataset, "seed": run.seed}
            | {"status": run.status}
            | {
                f"{part} {name}": value
                for part in ("train", "val", "test")
                for name, value in run.final.get(part, {}).items()
                if name in ("nll", "error", "rmse")
            }
            | {"epochs": run.epochs_run, "restored": run.restored_epoch, "seconds": run.seconds}
            for run in runs
        ]
    )
