"""What a data source hands over, and what training receives: plain frozen arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Task = Literal["classification", "regression"]
Likelihood = Literal["categorical", "bernoulli", "gaussian"]
Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]

FREE, TRAIN, VAL, TEST = -1, 0, 1, 2


@dataclass(frozen=True)
class Truth:
    """The generator's own prediction, where it is known.

    predict: raw numeric inputs (n, Dn) -> class probabilities (n, K) or means (n, T).
    noise_sd: standard deviation of the targets about the mean, in their own units; () -> K classes.
    """

    predict: Callable[[Floats], Floats]
    noise_sd: float | None = None


@dataclass(frozen=True)
class Dataset:
    """N rows as their source gives them, before any split and any statistic.

    numeric (N, Dn): any real dtype, NaN where missing. codes (N, Dc): category codes, -1 where
    missing; `categories` holds (column name, category names) in code order. target: class codes
    (N,) or floats (N, T). groups (N,): codes of rows that stay together. times (N,): ranks of
    moments, where later rows are to be predicted from earlier ones. part (N,): FREE, TRAIN, VAL
    or TEST, where the source or a split column decides. pixel_range: the known largest value of
    image data, which is then divided by it instead of standardised. fingerprint: SHA-256 of
    everything above that moves the numbers. spelling: of numeric columns that are not written in
    the usual way, as in spelling.Spelling. where: says where a row id stands in its file; None
    where rows have no other place.
    """

    name: str
    task: Task
    numeric: NDArray[Any]
    numeric_names: tuple[str, ...]
    codes: Ints
    categories: tuple[tuple[str, tuple[str, ...]], ...]
    target: NDArray[Any]
    target_names: tuple[str, ...]
    classes: tuple[str, ...]
    row_ids: Ints
    fingerprint: str
    weights: Floats | None = None
    groups: Ints | None = None
    times: Ints | None = None
    part: NDArray[np.int8] | None = None
    pixel_range: float | None = None
    truth: Truth | None = None
    notes: tuple[str, ...] = ()
    spelling: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    where: Callable[[int], str] | None = None

    def place(self, row: int) -> str:
        """Say where a row (from 0) stands, for a message."""
        known = self.where(int(self.row_ids[row])) if self.where else ""
        return known or f"{self.name}, row {row} (from 0)"


@dataclass(frozen=True)
class Rows:
    """n rows ready for the network.

    inputs (n, D); targets: class codes (n,) for "categorical", 0/1 floats (n, 1) for
    "bernoulli", standardised floats (n, T) for "gaussian"; weights (n,) or None; ids (n,): the
    rows' positions in their source, for the store; groups (n,): codes of groups that stay whole;
    own (n, T): regression targets in double precision and their own units.
    """

    inputs: Floats
    targets: NDArray[Any]
    weights: Floats | None
    ids: Ints
    groups: Ints | None = None
    own: Floats | None = None

    def __len__(self) -> int:
        """Return the number of rows n."""
        return len(self.inputs)


@dataclass(frozen=True)
class Preprocessing:
    """Everything needed to turn a new file's rows into network inputs, and outputs into answers.

    Plain JSON (`schema`) and plain arrays (`arrays`), so that a store can keep it without pickles.
    """

    schema: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Prepared:
    """One seed's split of a data set, preprocessed by statistics of its training rows only.

    target_mean, target_scale (T,): undo the standardisation of regression targets (0 and 1
    otherwise). n_pool: how many rows the training rows were taken from. test_truth: the
    generator's prediction for the test rows, (n, K) or (n, T).
    """

    train: Rows
    val: Rows
    test: Rows
    likelihood: Likelihood
    n_outputs: int
    classes: tuple[str, ...]
    target_names: tuple[str, ...]
    target_mean: Floats
    target_scale: Floats
    preprocessing: Preprocessing
    fingerprint: str
    n_pool: int
    test_truth: Floats | None = None
    truth_noise_sd: float | None = None
    notes: tuple[str, ...] = field(default=())
