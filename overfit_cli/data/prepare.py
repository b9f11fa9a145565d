"""One seed's split of a data set, ready for the network: statistics from training rows only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.dataset import (
    TEST,
    VAL,
    Dataset,
    Floats,
    Ints,
    Likelihood,
    Prepared,
    Preprocessing,
    Rows,
)
from overfit_cli.data.labels import (
    check_target,
    check_training_classes,
    likelihood_of,
    noisy_target,
    target_moments,
)
from overfit_cli.data.preprocessing import describe_columns, fit, transform
from overfit_cli.data.request import DataRequest
from overfit_cli.data.splits import Split, split
from overfit_cli.errors import DataError
from overfit_cli.words import plural

BLOCK = 1024  # rows hashed at once, so that no copy of the whole table is made


def prepare(dataset: Dataset, request: DataRequest, seed: int, dtype: np.dtype[Any]) -> Prepared:
    """Split, add label noise, fit the preprocessing on training rows and apply it to all parts.

    Raises:
        UsageError: sizes, noise or resampling that this data set cannot have.
        DataError: rows, columns or classes that cannot be used (row by row in `check_target`,
            `describe_columns`, `check_training_classes`); each names the data set.
    """
    with _named(dataset.name):
        return _prepared(dataset, request, seed, dtype)


@contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except DataError as error:
        if str(error).startswith(name):
            raise
        raise DataError(f"{name}: {error}") from error


def _prepared(dataset: Dataset, request: DataRequest, seed: int, dtype: np.dtype[Any]) -> Prepared:
    rare = check_target(dataset)
    schema, dropped = describe_columns(dataset)
    parts = split(dataset, request, seed)
    check_training_classes(dataset, request, parts.train)
    target = noisy_target(dataset, request, seed, parts)
    likelihood, n_outputs = likelihood_of(dataset)
    mean, scale = target_moments(dataset, target, parts.train)
    fitted = fit(dataset, schema, parts.train, dtype)
    own = target.astype(np.float64) if likelihood == "gaussian" else None
    ready = _Ready(dataset, fitted, _targets(target, likelihood, mean, scale, dtype), own, dtype)
    truth = dataset.truth
    told = (*_released(dataset, request), *_fewer(request, parts), *_repeated(dataset, parts))
    return Prepared(
        train=_weighed(ready.rows(parts.train), "training"),
        val=_weighed(ready.rows(parts.val), "validation"),
        test=_weighed(ready.rows(parts.test), "test"),
        likelihood=likelihood,
        n_outputs=n_outputs,
        classes=dataset.classes,
        target_names=dataset.target_names,
        target_mean=mean,
        target_scale=scale,
        preprocessing=fitted,
        fingerprint=dataset.fingerprint,
        n_pool=parts.n_pool,
        test_truth=truth.predict(dataset.numeric[parts.test]) if truth else None,
        truth_noise_sd=truth.noise_sd if truth else None,
        notes=(*dataset.notes, *dropped, *rare, *told),
    )


@dataclass(frozen=True)
class _Ready:
    dataset: Dataset
    preprocessing: Preprocessing
    targets: NDArray[Any]
    own: Floats | None
    dtype: np.dtype[Any]

    def rows(self, at: Ints) -> Rows:
        """Return the rows at positions `at`, transformed, with targets, weights and groups."""
        data = self.dataset

        def where(row: int) -> str:
            return data.place(int(at[row]))

        return Rows(
            inputs=transform(self.preprocessing, data.numeric[at], data.codes[at], where),
            targets=self.targets[at],
            weights=None if data.weights is None else data.weights[at].astype(self.dtype),
            ids=data.row_ids[at],
            groups=None if data.groups is None else data.groups[at],
            own=None if self.own is None else self.own[at],
        )


def _targets(
    target: NDArray[Any], likelihood: Likelihood, mean: Floats, scale: Floats, dtype: np.dtype[Any]
) -> NDArray[Any]:
    if likelihood == "categorical":
        return target.astype(np.int64)
    if likelihood == "bernoulli":
        return target[:, None].astype(dtype)
    return ((target - mean) / scale).astype(dtype)


def _weighed(rows: Rows, part: str) -> Rows:
    if len(rows) and rows.weights is not None and not rows.weights.any():
        raise DataError(f"the weights of all {part} rows are 0.")
    return rows


def _released(dataset: Dataset, request: DataRequest) -> tuple[str, ...]:
    """Say so where rows that the data mark for validation or test train after all."""
    asked = {"test": (TEST, request.test_size), "validation": (VAL, request.val_size)}
    marks = np.empty(0) if dataset.part is None else dataset.part
    counts = {name: int((marks == part).sum()) for name, (part, size) in asked.items() if size == 0}
    return tuple(
        f"{plural(n, 'row')} given for {name} are used for training ({name} size 0)."
        for name, n in counts.items()
        if n
    )


def _fewer(request: DataRequest, parts: Split) -> tuple[str, ...]:
    if request.train_size is None or len(parts.train) == request.train_size:
        return ()
    return (f"only {len(parts.train)} training rows of the {request.train_size} asked for.",)


def _repeated(dataset: Dataset, parts: Split) -> tuple[str, ...]:
    """Count the rows of one part that stand, inputs and target alike, in an earlier one too."""
    keys = {part: _keys(dataset, getattr(parts, part)) for part in ("train", "val", "test")}
    seen = set(keys["train"])
    val = sum(key in seen for key in keys["val"])
    seen.update(keys["val"])
    test = sum(key in seen for key in keys["test"])
    counts = (
        f"{val} of {len(parts.val)} validation rows also train" if val else "",
        f"{test} of {len(parts.test)} test rows also train or validate" if test else "",
    )
    said = "; ".join(count for count in counts if count)
    return (f"duplicate rows across splits: {said}.",) if said else ()


def _keys(dataset: Dataset, rows: Ints) -> list[int]:
    """Return one hash a row: of bytes, so that missing values compare equal."""
    arrays = [array for array in (dataset.numeric, dataset.codes, dataset.target) if array.size]
    blocks = [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
    return [hash(row.tobytes()) for block in blocks for row in _joined(arrays, block)]


def _joined(arrays: list[NDArray[Any]], rows: Ints) -> NDArray[np.uint8]:
    flat = [array[rows].reshape(len(rows), -1) for array in arrays]
    return np.hstack([np.ascontiguousarray(part).view(np.uint8) for part in flat])
