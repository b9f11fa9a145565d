"""What `overfit compare` does: read the runs, compare them, tell it, and heed `--fail-if`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from overfit_cli.cli.compare import FORMATS
from overfit_cli.cli.console import WIDE, say, show, write
from overfit_cli.cli.places import store_path
from overfit_cli.comparison.compare import compare
from overfit_cli.comparison.gates import Gate, check_gate, gate_of, tripped
from overfit_cli.comparison.problem import Question
from overfit_cli.comparison.records import Comparison
from overfit_cli.comparison.run import handed_on, run_of
from overfit_cli.errors import GateTripped, UsageError, choose
from overfit_cli.experiment.options import idle_options
from overfit_cli.experiment.spec import PRINTED
from overfit_cli.report.compare.documents import comparison_csv, comparison_json
from overfit_cli.report.compare.markdown import comparison_markdown
from overfit_cli.report.compare.page import comparison_page
from overfit_cli.report.compare.terminal_plot import comparison_plot
from overfit_cli.report.escape import shell
from overfit_cli.report.files import check_file, check_folder, write_file
from overfit_cli.report.surface import plain_text
from overfit_cli.store import Store
from overfit_cli.store.selection import parse
from overfit_cli.words import plural

LOADED = ("curves", "predictions")
MAKES_SOME = ("overfit", "run", "--method", "none,dropout,l2,early-stopping", "--seeds", "5")


@dataclass(frozen=True)
class Request:
    """How the comparison is to be told: see the options of the same names.

    select: None for what the batch says.
    """

    select: str | None
    form: str
    output: str | None
    figures: str | None
    plot: bool
    all_columns: bool
    every_seed: bool
    settings: bool
    times: bool
    fail_if: tuple[str, ...]
    store: str | None


@dataclass(frozen=True)
class Chosen:
    """Which runs to compare, by id, what to call them, and the batches that were named."""

    title: str
    run_ids: Collection[str]
    batches: tuple[str, ...] = ()


def compare_and_show(selection: str, question: Question, request: Request) -> None:
    """Carry out `overfit compare`.

    Raises:
        UsageError: no runs, or none that could be compared as asked; batches that select by
            different metrics.
        GateTripped: after the report has been given.
    """
    gates = _checked(request)
    with Store.open(store_path(request.store), "read") as store:
        chosen = _chosen(store, selection)
        select = _select(store, chosen) if request.select is None else request.select
        comparison = _compared(store, chosen, replace(question, select=select))
        comparison = replace(comparison, warnings=tuple(_incomplete(store, chosen)))
    for gate in gates:
        check_gate(gate, comparison)
    _tell(comparison, request)
    reasons = list(tripped(gates, comparison))
    if reasons:
        raise GateTripped("\n".join(reasons))


def _checked(request: Request) -> list[Gate]:
    """Return the conditions of `--fail-if`.

    Raises:
        UsageError, StoreError: options that cannot be; an output that cannot be written.
    """
    choose(request.form, FORMATS, "--format")
    if request.plot and request.form != "table":
        raise UsageError(f"--plot draws in the terminal, and the format is {request.form}.")
    if request.output is not None:
        check_file(request.output)
    if request.figures is not None:
        check_folder(request.figures)
    return [gate_of(text) for text in request.fail_if]


def _chosen(store: Store, selection: str) -> Chosen:
    """Return the runs of SELECTION; without one the last batch, else all that are like the last.

    Raises:
        UsageError: there are none.
    """
    if selection.strip():
        runs = store.select(selection)
        if not runs:
            raise UsageError(f"no stored run fits '{selection}'.")
        return Chosen(selection, {run.run_id for run in runs}, _batches(selection))
    batch = store.last_batch()
    if batch is not None:
        return Chosen(batch, store.members(batch), (batch,))
    return _like_the_last(store)


def _batches(selection: str) -> tuple[str, ...]:
    """Return whatever may name a batch: `keep`, `batch=keep,other`."""
    wanted = parse(selection)
    named = [value.split(",") for key, value in wanted.pairs if key == "batch"]
    return (*wanted.names, *(name for names in named for name in names))


def _select(store: Store, chosen: Chosen) -> str:
    """Return the metric by which the config of the chosen batches selects, by default nll.

    Raises:
        UsageError: two batches select by different ones.
    """
    noted = {name: store.load_select(name) for name in chosen.batches}
    found = {name: metric for name, metric in noted.items() if metric is not None}
    if len(set(found.values())) > 1:
        told = ", ".join(f"{name} by {metric}" for name, metric in found.items())
        raise UsageError(f"these batches select by different metrics ({told}): say --select.")
    return next(iter(found.values()), Question().select)


def _incomplete(store: Store, chosen: Chosen) -> Iterator[str]:
    """Yield a warning for every chosen batch of which runs are still to come."""
    for name in chosen.batches:
        planned, stored = store.load_planned(name), len(store.members(name))
        if planned is not None and 0 < stored < planned:
            yield f"incomplete: {stored:,} of {planned:,} runs of batch '{name}' are stored."


def _like_the_last(store: Store) -> Chosen:
    runs = store.summaries()
    if not runs:
        raise UsageError(
            f"store {store.path} holds no runs to compare. To make some:\n{shell(MAKES_SOME)}"
        )
    last = runs[-1]
    like = {run.run_id for run in runs if _subject(run.spec) == _subject(last.spec)}
    name = handed_on(last.dataset, (last.dataset,))
    return Chosen(f"all runs on {name} with the last run's network", like)


def _subject(spec: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what runs on the same data with the same network have in common."""
    data = {k: v for k, v in spec.get("data", {}).items() if k not in PRINTED}
    return data, spec.get("fingerprint"), spec.get("hidden"), spec.get("activation")


def _compared(store: Store, chosen: Chosen, question: Question) -> Comparison:
    runs = [run_of(result, idle_options, PRINTED) for result in store.scan(chosen.run_ids)]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return compare(runs, partial(store.results, parts=LOADED), question, chosen.title, now)


def _tell(comparison: Comparison, request: Request) -> None:
    if request.output is not None:
        write_file(request.output, _document(comparison, request))
    elif request.form == "table":
        show(_page(comparison, request))
    else:
        write(_document(comparison, request))
    if request.figures is not None:
        # only here, since matplotlib takes a second to import
        from overfit_cli.report.compare.figure_files import write_figures

        paths = write_figures(comparison, request.figures)
        say(f"{plural(len(paths), 'figure')} in {request.figures}.")


def _page(comparison: Comparison, request: Request) -> RenderableType:
    page = comparison_page(
        comparison,
        request.all_columns,
        request.every_seed,
        request.times,
        request.settings,
        request.store,
    )
    return Group(page, Text(""), comparison_plot(comparison)) if request.plot else page


def _document(comparison: Comparison, request: Request) -> str:
    if request.form == "json":
        return comparison_json(comparison, request.times)
    if request.form == "csv":
        return comparison_csv(comparison, request.all_columns, request.times)
    if request.form == "markdown":
        return comparison_markdown(
            comparison, request.all_columns, request.every_seed, request.times, request.settings
        )
    if request.form == "html":
        # see write_figures
        from overfit_cli.report.compare.html import comparison_html

        return comparison_html(comparison, request.all_columns, request.times)
    return plain_text(_page(comparison, request), WIDE)
