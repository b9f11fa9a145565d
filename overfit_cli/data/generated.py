"""From a generator to a data set: which rows a seed draws, and which of them are test rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.dataset import FREE, TEST, Dataset, Floats
from overfit_cli.data.fingerprint import fingerprint
from overfit_cli.data.request import DataRequest, Resample
from overfit_cli.data.source import Values
from overfit_cli.data.synthetic import Problem
from overfit_cli.errors import UsageError
from overfit_cli.rng import stream

VERSION = 1  # of what the generators draw; a change of any of their numbers raises it
LIMIT = 100_000_000  # numbers in one drawn table: .8 GB


def generated(
    name: str, build: Callable[[Values], Problem]
) -> Callable[[DataRequest, Values, int], Dataset]:
    """Return the `load` of a generator.

    By `request.resample`: "draws" (the default) draws new rows and new test rows for every seed;
    "fixed" draws them once, with the option `seed`; "splits" draws one table of n rows, without
    test rows. The test rows have a stream of their own, so that n does not change them.
    """

    def load(request: DataRequest, values: Values, seed: int) -> Dataset:
        return _dataset(name, build(values), values, request.resample or "draws", seed)

    return load


def _dataset(name: str, problem: Problem, values: Values, resample: Resample, seed: int) -> Dataset:
    n, n_test = int(values["n"]), 0 if resample == "splits" else int(values["n_test"])
    inputs, target = _draw(problem, values, seed if resample == "draws" else 0, n, n_test)
    return Dataset(
        name=name,
        task="classification" if problem.classes else "regression",
        numeric=inputs,
        numeric_names=tuple(f"x{i + 1}" for i in range(inputs.shape[1])),
        codes=np.empty((n + n_test, 0), np.int64),
        categories=(),
        target=target,
        target_names=("class" if problem.classes else "y",),
        classes=problem.classes,
        row_ids=np.arange(n + n_test),
        fingerprint=_identity(name, values, resample),
        part=np.repeat(np.array([FREE, TEST], np.int8), [n, n_test]) if n_test else None,
        truth=problem.truth,
    )


def _draw(
    problem: Problem, values: Values, seed: int, n: int, n_test: int
) -> tuple[Floats, NDArray[Any]]:
    width = problem.draw(stream(0, "generator"), 1)[0].shape[1]
    if (n + n_test) * width > LIMIT:
        raise UsageError(
            f"{n + n_test} rows of {width} inputs: at most {LIMIT:,} numbers are drawn."
        )
    table = int(values["seed"])
    inputs, target = problem.draw(stream(seed, "generator", table, part=0), n)
    test_inputs, test_target = problem.draw(stream(seed, "generator", table, part=1), n_test)
    return np.concatenate([inputs, test_inputs]), np.concatenate([target, test_target])


def _identity(name: str, values: Values, resample: Resample) -> str:
    """Name the generator, not one seed's rows: runs of several seeds are about the same data."""
    moves = {k: v for k, v in values.items() if not (k == "n_test" and resample == "splits")}
    return fingerprint(json.dumps([name, VERSION, resample, moves], sort_keys=True))
