"""What the user asks for, checked and announced before anything is trained or written.

Training, store and report are imported later (see training.py): the first line must come at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from overfit_cli.cli.console import say, show
from overfit_cli.cli.places import check_store, store_path
from overfit_cli.cli.subject import target_told
from overfit_cli.data import Prepared
from overfit_cli.data.registry import SUFFIXES
from overfit_cli.errors import UsageError
from overfit_cli.experiment.config import read_config
from overfit_cli.experiment.loading import ready
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.spec import RunSpec, specs_of
from overfit_cli.experiment.stack import Stack, network_of
from overfit_cli.experiment.stacks import stacks_of
from overfit_cli.report.escape import shell
from overfit_cli.report.headline import Subject, headline

# A config may be called .txt, though a table may be too.
DATA_SUFFIXES = set(SUFFIXES) - {".txt"}


@dataclass(frozen=True)
class Request:
    """What the user asked of `run`: `given` holds the options typed, by config key."""

    given: dict[str, Any]
    config: str | None = None
    store: str | None = None
    save_model: bool = False
    resume: bool = False
    workers: int | None = None
    every: int | None = None
    plot: bool = False
    json: bool = False


@dataclass(frozen=True)
class Asked:
    """Runs that can be trained: their specs, fingerprints included, and their prepared data."""

    specs: list[RunSpec]
    data: list[Prepared]


def announce(request: Request) -> Asked:
    """Read, load and check what `run` was asked for, and print the headline.

    Raises:
        UsageError, DataError, StoreError: before anything is written.
    """
    asked = checked(asked_specs(request))
    check_store(store_path(request.store))
    if not request.json:
        show(headline(subject_of(asked)))
    notes = [note for prepared in asked.data for note in prepared.notes]
    pairs = zip(asked.specs, asked.data, strict=True)
    notes += [note for spec, data in pairs for note in Stack((spec,), (data,)).announcements()]
    for note in dict.fromkeys(notes):
        say(f"note: {note}")
    return asked


def typed() -> list[str]:
    """Return what the user typed after the command's name."""
    words = [word for word in sys.argv[1:] if word != "--debug"]
    return words[1:]


def option_sets(request: Request) -> list[Any]:
    """Return defaults, overridden by the config, overridden by flags: one set per table."""
    given = {key: parsed(key, value) for key, value in request.given.items()}
    if request.config is None:
        return [parse_options(given)]
    return read_config(not_a_table(request.config), given)


def not_a_table(config: str) -> str:
    """Return `config`.

    Raises:
        UsageError: it is a data file by its name; tells the command that was meant.
    """
    if PurePath(config.lower().removesuffix(".gz")).suffix not in DATA_SUFFIXES:
        return config
    own = ("--debug", "--config", config, f"--config={config}")
    command, *words = [word for word in sys.argv[1:] if word not in own]
    has_target = any(word.split("=")[0] == "--target" for word in words)
    target = [] if has_target or ".npz" in config.lower() else ["--target", "COLUMN"]
    raise UsageError(
        f"{config} is data, not a config; data are given with --dataset:\n"
        + shell(["overfit", command, "--dataset", config, *target, *words])
    )


def asked_specs(request: Request) -> list[RunSpec]:
    """Return every run that is asked for, each once."""
    # before the data are read, the id does not tell them apart
    specs = specs_of(*option_sets(request))
    return list({(spec.data, spec.run_id): spec for spec in specs}.values())


def parsed(key: str, value: Any) -> Any:
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


def checked(specs: Sequence[RunSpec]) -> Asked:
    """Load the data, drop runs that turn out the same, check what needs specs and data."""
    once = {spec.run_id: (spec, own) for spec, own in zip(*ready(specs), strict=True)}
    asked = Asked([spec for spec, _ in once.values()], [own for _, own in once.values()])
    for stack in stacks_of(asked.specs, asked.data):
        stack.check()
    return asked


def subject_of(asked: Asked) -> Subject:
    """Return what the headline says."""
    specs, first = asked.specs, asked.data[0]
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
        target=target_told(specs[0].data.dataset, first.target_names),
        seeds=tuple(dict.fromkeys(spec.seed for spec in specs)),
        label_noise=specs[0].data.label_noise,
    )


def _short(dataset: str) -> str:
    return Path(dataset).name if "/" in dataset else dataset
