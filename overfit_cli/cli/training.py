"""What `run` and `refit` do: read, check, load, train, store, print."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from overfit_cli.cli.console import progress, say, show, write
from overfit_cli.cli.places import store_path
from overfit_cli.data import Prepared, load, prepare
from overfit_cli.errors import Interrupted, RunsFailed, UsageError
from overfit_cli.experiment.config import read_config
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.spec import RunSpec, specs_of
from overfit_cli.experiment.stack import Stack, network_of
from overfit_cli.experiment.stacks import stacks_of
from overfit_cli.experiment.train import train
from overfit_cli.records import RunResult
from overfit_cli.report.escape import shell
from overfit_cli.report.headline import Subject, headline
from overfit_cli.report.json_text import runs_json
from overfit_cli.report.page import run_page
from overfit_cli.store import Store


@dataclass(frozen=True)
class Request:
    """What the user asked of `run`: `given` holds the options typed, by config key."""

    given: dict[str, Any]
    config: str | None = None
    store: str | None = None
    save_model: bool = False
    resume: bool = False
    every: int | None = None
    plot: bool = False
    json: bool = False


def train_and_show(request: Request) -> None:
    """Carry out `overfit run`.

    Raises:
        UsageError, DataError: before anything is written.
        RunsFailed: if some run diverged; all are stored and shown.
        Interrupted: what has finished is stored.
    """
    specs, data = ready(asked_specs(request))
    stacks = checked_stacks(specs, data)
    if not request.json:
        show(headline(subject_of(specs, data)))
    for note in dict.fromkeys(note for prepared in data for note in prepared.notes):
        say(f"note: {note}")
    results = in_order(specs, train_and_store(stacks, request))
    if request.json:
        write(runs_json(results))
    else:
        show(run_page(results, typed(), request.every, request.plot))
    lost = [result for result in results if result.status != "done"]
    if lost:
        raise RunsFailed(f"{len(lost)} of {len(results)} runs diverged; all are stored.")


def typed() -> list[str]:
    """Return what the user typed after the command's name."""
    words = [word for word in sys.argv[1:] if word != "--debug"]
    return words[1:]


def option_sets(request: Request) -> list[Any]:
    """Return defaults, overridden by the config, overridden by flags: one set per table."""
    given = {key: _parsed(key, value) for key, value in request.given.items()}
    if request.config is None:
        return [parse_options(given)]
    return read_config(request.config, given)


def asked_specs(request: Request) -> list[RunSpec]:
    """Return every run that is asked for, each once."""
    specs = [spec for options in option_sets(request) for spec in specs_of(options)]
    return list({spec.run_id: spec for spec in specs}.values())


def _parsed(key: str, value: Any) -> Any:
    """Turn what can be one number or one per layer into numbers."""
    if key not in ("p", "drop_rate"):
        return value
    try:
        numbers = [float(word) for word in str(value).split(",")]
    except ValueError:
        name = key.replace("_", "-")
        raise UsageError(
            f"--{name}: '{value}' is not a number from 0 to 1, or one per hidden layer: 0.8,0.5."
        ) from None
    return numbers[0] if len(numbers) == 1 else numbers


def ready(specs: Sequence[RunSpec]) -> tuple[list[RunSpec], list[Prepared]]:
    """Load and prepare the data of every spec, once per seed; put the fingerprint into the spec."""
    prepared: dict[tuple[int, str], Prepared] = {}
    loaded: dict[int, Any] = {}
    specs = list(specs)
    for place, spec in enumerate(specs):
        key = (spec.seed, spec.dtype)
        if key not in prepared:
            dataset = loaded.get(-1) or load(spec.data, spec.seed)
            if dataset.truth is None:
                # a file or table is the same for every seed
                loaded[-1] = dataset
            prepared[key] = prepare(dataset, spec.data, spec.seed, np.dtype(spec.dtype))
        specs[place] = spec.model_copy(update={"fingerprint": prepared[key].fingerprint})
    return specs, [prepared[spec.seed, spec.dtype] for spec in specs]


def checked_stacks(specs: Sequence[RunSpec], data: Sequence[Prepared]) -> list[Stack]:
    """Return the stacks, after checks that need both the specs and the data."""
    stacks = stacks_of(specs, data)
    for stack in stacks:
        stack.check()
    return stacks


def subject_of(specs: Sequence[RunSpec], data: Sequence[Prepared]) -> Subject:
    """Return what the headline says."""
    first = data[0]
    network = network_of(specs[0], first)
    return Subject(
        dataset=_short(specs[0].data.dataset),
        n_train=len(first.train),
        n_val=len(first.val),
        n_test=len(first.test),
        sizes=network.layout.sizes,
        activation=specs[0].activation,
        n_parameters=network.layout.n_parameters,
        methods=tuple(dict.fromkeys(spec.words for spec in specs)),
        classes=len(first.classes),
        targets=first.n_outputs,
        seeds=tuple(dict.fromkeys(spec.seed for spec in specs)),
    )


def _short(dataset: str) -> str:
    return Path(dataset).name if "/" in dataset else dataset


def train_and_store(stacks: Sequence[Stack], request: Request) -> list[RunResult]:
    """Train the stacks one after another, storing each run as soon as its stack is done."""
    results: list[RunResult] = []
    with Store.open(store_path(request.store)) as store, progress() as bar:
        try:
            for stack in stacks:
                stored = _stored(store, stack) if request.resume else None
                if stored is None:
                    stored = _train(stack, bar)
                    for result in stored:
                        store.save(result, keep_model=request.save_model)
                results += stored
        except KeyboardInterrupt:
            total = sum(len(stack.specs) for stack in stacks)
            words = [word for word in sys.argv[1:] if word != "--resume"]
            raise Interrupted(
                f"interrupted: {len(results)} of {total} runs are stored. To go on: "
                + shell(["overfit", *words, "--resume"])
            ) from None
    return results


def _stored(store: Store, stack: Stack) -> list[RunResult] | None:
    if all(store.has(spec.run_id) for spec in stack.specs):
        return [store.load(spec.run_id, blobs=True) for spec in stack.specs]
    return None


def _train(stack: Stack, bar: Any) -> list[RunResult]:
    task = None
    steps = train(stack.specs, stack.data)
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            results: list[RunResult] = end.value
            if task is not None:
                bar.remove_task(task)
            return results
        if bar is not None and task is None:
            task = bar.add_task(stack.spec.method, total=step.epochs)
        if task is not None:
            bar.update(task, completed=step.epoch)


def in_order(specs: Sequence[RunSpec], results: Sequence[RunResult]) -> list[RunResult]:
    """Return the results in the order in which the specs were asked for."""
    by_id = {result.run_id: result for result in results}
    return [by_id[spec.run_id] for spec in specs]
