"""What `tune` does: plan the races, run them, store the winners, and say what they cost."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from overfit_cli.batch.batch import Batch
from overfit_cli.batch.race import Bracket
from overfit_cli.batch.tune import ETA, Ended, Tuning, settings_of, tuned, tuning_of
from overfit_cli.batch.workers import planned, workers_for
from overfit_cli.cli.asking import not_a_table, parsed, typed
from overfit_cli.cli.batch import BUILT_IN
from overfit_cli.cli.console import counter, say, show, write
from overfit_cli.cli.places import check_store, store_path
from overfit_cli.errors import Interrupted, RunsFailed
from overfit_cli.executors import executor_of
from overfit_cli.executors.executor import Executor
from overfit_cli.experiment.config import name_after, read_batch
from overfit_cli.experiment.plan import Plan
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stored import result_spec
from overfit_cli.report.escape import shell
from overfit_cli.report.tune_page import (
    TuneEnd,
    TuneLine,
    TuneSubject,
    Wins,
    tune_head,
    tune_json,
    tune_page,
)
from overfit_cli.store import Store, held


@dataclass(frozen=True)
class TuneRequest:
    """What the user asked of `tune`: `given` holds the options typed, by config key."""

    given: dict[str, Any]
    config: str
    eta: int | None
    budget: int | None
    workers: int | None
    store: str | None
    json: bool


def run_tune(request: TuneRequest) -> None:
    """Carry out `overfit tune`.

    Raises:
        UsageError, DataError: before anything is written.
        RunsFailed: a method has no winner for some seed.
        Interrupted: the winners so far are stored.
    """
    given = {key: parsed(key, value) for key, value in request.given.items()}
    title = name_after(BUILT_IN, given) if request.config == BUILT_IN else None
    plan = Plan(read_batch(not_a_table(request.config), given, title))
    notes = Batch(plan).check()
    tuning = tuning_of(plan, request.eta or ETA, request.budget)
    workers, executor = _place(request, plan)
    subject = _subject(tuning, workers)
    check_store(store_path(request.store))
    if not request.json:
        show(tune_head(subject))
    for note in notes:
        say(f"note: {note}")
    started = time.perf_counter()
    ended = _execute(request, tuning, executor)
    end = TuneEnd(
        time.perf_counter() - started,
        sum(own.stored for own in ended),
        tuple(own.error for own in ended if own.error is not None),
    )
    lines = _lines(tuning, ended)
    if request.json:
        write(tune_json(subject, lines, end))
    else:
        show(tune_page(subject, lines, end, request.store))
    lost = sum(line.diverged + line.failed for line in lines)
    if lost:
        raise RunsFailed(f"of {len(ended)} races {lost} have no winner: all settings were lost.")


def _place(request: TuneRequest, plan: Plan) -> tuple[int, Executor]:
    workers = request.workers or workers_for(planned(plan)) or 1
    return workers, executor_of("serial" if workers == 1 else "processes", workers, silent=True)


def _execute(request: TuneRequest, tuning: Tuning, executor: Executor) -> list[Ended]:
    ended: list[Ended] = []
    with Store.open(store_path(request.store)) as store, _held(store, tuning):
        store.save_select(tuning.name, tuning.select)
        try:
            with counter() as count, executor:

                def tell(underway: Sequence[tuple[Any, float]] = ()) -> None:
                    over = len(ended) + sum(done for _, done in underway)
                    words = f"{len(ended)} of {len(tuning.races)} races"
                    stored = sum(each.stored for each in ended)
                    count(over, len(tuning.races), words, stored)

                for own in tuned(tuning, store, executor, tell):
                    ended.append(own)
                    tell()
        except KeyboardInterrupt:
            done = sum(own.winner is not None for own in ended)
            raise Interrupted(
                f"interrupted: {done} of {len(tuning.races)} winners are stored. "
                "To go on, the same command again:\n" + shell(["overfit", "tune", *typed()])
            ) from None
    return ended


def _held(store: Store, tuning: Tuning) -> Any:
    """Keep a second process from running the same races in this store at the same time."""
    keys = [race.key for race in tuning.races]
    return held(store.path, f"tune {tuning.name} {keys}", f"tuning of '{tuning.name}'")


def _subject(tuning: Tuning, workers: int) -> TuneSubject:
    methods = tuple(dict.fromkeys(race.method for race in tuning.races))
    return TuneSubject(
        tuning.name, methods, tuning.select, tuning.eta, tuning.budget, workers, tuning.left_out
    )


def _lines(tuning: Tuning, ended: Sequence[Ended]) -> list[TuneLine]:
    """Return one line per data set and method, in the order of the config."""
    names = _data_names([race.specs[0] for race in tuning.races])
    groups: dict[tuple[str, str], list[Ended]] = {
        (names[race.specs[0].data], race.method): [] for race in tuning.races
    }
    for own in ended:
        groups[names[own.race.specs[0].data], own.race.method].append(own)
    return [_line(data, method, own, tuning.select) for (data, method), own in groups.items()]


def _data_names(specs: Sequence[RunSpec]) -> dict[Any, str]:
    """Return each data set's name, with the options of the data that differ."""
    names = [field.name for field in fields(specs[0].data) if field.name != "dataset"]
    told = [name for name in names if len({getattr(spec.data, name) for spec in specs}) > 1]
    return {
        data: ", ".join([data.dataset, *(f"{name}={getattr(data, name)}" for name in told)])
        for data in (spec.data for spec in specs)
    }


def _line(dataset: str, method: str, ended: Sequence[Ended], select: str) -> TuneLine:
    race = ended[0].race
    winners = [own.winner for own in ended if own.winner is not None]
    done = [run for run in winners if run.status == "done"]
    settings = [settings_of(result_spec(run)) for run in done]
    won = Counter(tuple((name, own[name]) for name in race.tried) for own in settings)
    return TuneLine(
        dataset=dataset,
        method=method,
        settings=race.settings,
        trials=len(race.specs),
        rungs=[_rungs(bracket) for bracket in race.brackets],
        epochs=tuple(int(run.diagnostics["trial_epochs"]) for run in winners),
        whole=race.whole,
        wins=tuple(Wins(dict(setting), seeds) for setting, seeds in won.most_common()),
        scores=tuple(run.final["val"][select] for run in done),
        diverged=len(winners) - len(done),
        failed=len(ended) - len(winners),
    )


def _rungs(bracket: Bracket) -> list[tuple[int, int]]:
    own = bracket.ladder
    counts, ends = (own.settings, *own.keeps), (*own.rungs, own.epochs)
    return list(zip(counts, ends, strict=True))
