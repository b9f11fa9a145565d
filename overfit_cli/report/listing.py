"""Stored runs, a line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from overfit_cli.report.escape import csv_text
from overfit_cli.report.figures import decimals, number, percent, rounded
from overfit_cli.report.json_text import document
from overfit_cli.report.surface import Fitted, Surface
from overfit_cli.report.tables import Column, fitted

SHORTEST = 8
"""Characters of a run id that are shown if they tell all of them apart."""
MAIN = ("lr", "p", "l1", "l2", "max_norm", "patience", "inference", "members")
"""Settings that the table shows; JSON and CSV have all."""


@dataclass(frozen=True)
class StoredRun:
    """What `list` tells of a stored run.

    created: ISO 8601, "" if unknown. nll in nats; test_error a fraction, None for regression,
    test_rmse in the target's units, None for classification. seconds: wall time per run.
    settings: learning rate and the method's hyperparameters, by name.
    """

    run_id: str
    created: str
    method: str
    dataset: str
    seed: int
    status: str
    val_nll: float | None
    test_nll: float | None
    test_error: float | None
    test_rmse: float | None
    seconds: float
    batches: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


def run_list(summaries: Sequence[StoredRun]) -> Fitted:
    """Return the table of `overfit list`."""
    if not summaries:
        return Fitted(lambda surface: surface.text("no runs are stored here; try: overfit run"))
    return Fitted(lambda surface: _table(summaries, surface))


def list_json(summaries: Sequence[StoredRun]) -> str:
    """Return the document of `list --json`, schema `overfit.list/1`."""
    return document("overfit.list/1", runs=[asdict(each) for each in summaries])


def list_csv(summaries: Sequence[StoredRun]) -> str:
    """Return the same fields as CSV."""
    header = [field.name for field in fields(StoredRun)]
    rows = [
        asdict(each) | {"batches": " ".join(each.batches), "settings": _said(each.settings)}
        for each in summaries
    ]
    return csv_text(header, [list(row.values()) for row in rows])


def id_length(run_ids: Sequence[str]) -> int:
    """Return how many characters tell all of `run_ids` apart, at least `SHORTEST`."""
    ids = set(run_ids)
    longest = max(map(len, ids))
    lengths = range(SHORTEST, longest)
    return next((n for n in lengths if len({each[:n] for each in ids}) == len(ids)), longest)


def _table(runs: Sequence[StoredRun], surface: Surface) -> RenderableType:
    length = id_length([run.run_id for run in runs])
    key = _words("run", [run.run_id[:length] for run in runs], surface)
    columns = [
        _words("method", [run.method for run in runs], surface),
        _words("data set", [run.dataset for run in runs], surface),
        _right("seed", [str(run.seed) for run in runs]),
        _words("status", [run.status for run in runs], surface),
        _numbers("val nll", [run.val_nll for run in runs], optional=2),
        _numbers("test nll", [run.test_nll for run in runs]),
        _right(
            "error %", ["" if run.test_error is None else percent(run.test_error) for run in runs]
        ),
        _numbers("rmse", [run.test_rmse for run in runs]),
        _right("seconds", [rounded(run.seconds) for run in runs], optional=3),
        _words("settings", [_said(run.settings, MAIN) for run in runs], surface, optional=4),
        _words("batch", [" ".join(run.batches) for run in runs], surface, optional=5),
        _words("created", [run.created[:19] for run in runs], surface, optional=6),
    ]
    used = [column for column in columns if any(cell.plain for cell in column.cells)]
    return fitted(key, used, surface)


def _said(settings: Mapping[str, Any], names: Sequence[str] = ()) -> str:
    """Return settings as they are said in a SELECTION: `lr=0.05 p=0.5`; names: only these."""
    wanted = {name: settings[name] for name in names or settings if name in settings}
    return " ".join(f"{name}={_in_words(value)}" for name, value in wanted.items())


def _in_words(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(_in_words, value))
    return f"{value:.12g}" if isinstance(value, float) else str(value).lower()


def _words(header: str, cells: Sequence[str], surface: Surface, optional: int = 0) -> Column:
    most = max(15, surface.width // 5 - 1)
    texts = tuple(_broken(surface.text(cell), most) for cell in cells)
    return Column(Text(header), texts, optional=optional, align="left", most=most)


def _broken(text: Text, most: int) -> Text:
    """Break a combination of methods between its parts rather than within one."""
    return Text(text.plain.replace("+", "+\n")) if len(text) > most else text


def _right(header: str, cells: Sequence[str], optional: int = 0) -> Column:
    return Column(Text(header), tuple(map(Text, cells)), optional=optional)


def _numbers(header: str, values: Sequence[float | None], optional: int = 0) -> Column:
    places = decimals(values)
    cells = ["" if value is None else number(value, places) for value in values]
    return _right(header, cells, optional)
