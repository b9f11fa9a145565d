"""Data sets fetched from OpenML through scikit-learn, which caches what it downloads."""

from __future__ import annotations

import importlib
import re
import warnings
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np

from overfit_cli.data.dataset import FREE, TEST, Dataset, Floats, Task
from overfit_cli.data.files import check_memory, reason
from overfit_cli.data.fingerprint import fingerprint
from overfit_cli.data.naming import shown
from overfit_cli.data.request import DataRequest
from overfit_cli.data.roles import TABLE_FIELDS, refuse_fields
from overfit_cli.data.target import (
    Target,
    refuse_missing,
    rows_of,
    target_of_labels,
    target_of_numbers,
)
from overfit_cli.errors import DataError, UsageError

Fetch = Callable[..., Any]
MNIST_TRAIN = 60_000


@dataclass(frozen=True)
class Fetched:
    """What scikit-learn returned (a Bunch of arrays), and what it warned of."""

    bunch: Any
    notes: tuple[str, ...]


def load(
    request: DataRequest, options: Mapping[str, str], seed: int, fetch: Fetch | None = None
) -> Dataset:
    """Load `openml:NAME` or `openml:NAME:version=2`, fetched once and then cached.

    `fetch` stands in for sklearn.datasets.fetch_openml in tests.

    Raises:
        DataError: no network and not cached, no such data set, or one that is no plain table.
        UsageError: options that only files have, or that are misspelt.
    """
    name, version = _parse(request.dataset)
    refuse_fields(request, [f for f in TABLE_FIELDS if f != "target"], "OpenML data")
    fetched = _fetch(fetch or _sklearn_fetch(), name, version, request.target)
    return _dataset(f"openml:{name}", fetched, request.task)


def fetch_mnist(fetch: Fetch | None = None) -> Dataset:
    """Fetch MNIST from OpenML, in the original order: 60,000 rows FREE, 10,000 rows TEST."""
    fetched = _fetch(fetch or _sklearn_fetch(), "mnist_784", "1", None)
    dataset = _dataset("mnist", fetched, None)
    pixels = dataset.numeric.astype(np.uint8)
    part = np.where(np.arange(len(pixels)) < MNIST_TRAIN, FREE, TEST).astype(np.int8)
    return replace(
        dataset,
        numeric=pixels,
        part=part,
        pixel_range=255.0,
        fingerprint=fingerprint("idx", pixels, dataset.target.astype(np.uint8), part),
    )


def _parse(text: str) -> tuple[str, str]:
    """Split `openml:NAME[:version=N]` into name and version."""
    name, _, option = text.removeprefix("openml:").partition(":")
    key, _, version = option.partition("=")
    # the name becomes part of an address and of a path in the cache
    good = re.fullmatch(r"\w[\w.() +-]{0,99}", name) and ".." not in name
    if not good or (option and (key != "version" or not version.isdigit() or int(version) < 1)):
        raise UsageError(f"{shown(text)}: write openml:NAME or openml:NAME:version=2.")
    return name, version or "active"


def _sklearn_fetch() -> Fetch:
    fetch: Fetch = importlib.import_module("sklearn.datasets").fetch_openml
    return fetch


def _fetch(fetch: Fetch, name: str, version: str, target: str | None) -> Fetched:
    """Call scikit-learn, and say in our words what went wrong."""
    import platformdirs

    names = {} if target is None else {"target_column": target.split(",")}
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            bunch = fetch(
                name,
                version=version if version == "active" else int(version),
                data_home=str(Path(platformdirs.user_cache_dir("overfit"))),
                as_frame=False,
                parser="liac-arff",
                **names,
            )
    except (URLError, HTTPException, ConnectionError, TimeoutError) as error:
        raise DataError(
            f"openml:{name}: cannot be fetched ({reason(error)}). It needs the network once and is "
            "then cached; or download it elsewhere and name the file."
        ) from error
    except (OSError, ValueError, KeyError, EOFError, zlib.error) as error:
        raise DataError(f"openml:{name}: {reason(error)}") from error
    notes = ["fetched from OpenML, or from the cache of an earlier fetch."]
    return Fetched(bunch, tuple(notes + [str(warning.message) for warning in caught]))


def _dataset(name: str, fetched: Fetched, task: Task | None) -> Dataset:
    bunch = fetched.bunch
    if bunch.target is None:
        raise DataError(f"{name}: no target column is known; say --target NAME.")
    table = _dense(bunch.data, name)
    names = list(bunch.feature_names)
    nominal = [i for i, column in enumerate(names) if column in (bunch.categories or {})]
    numbers = [i for i in range(len(names)) if i not in set(nominal)]
    numeric = table[:, numbers]
    codes = np.nan_to_num(table[:, nominal], nan=-1).astype(np.int64)
    target = _target(bunch, task, name)
    categories = tuple((names[i], tuple(map(str, bunch.categories[names[i]]))) for i in nominal)
    columns = tuple(names[i] for i in numbers)
    schema = repr((columns, categories, target.names, target.classes))
    return Dataset(
        name=name,
        task=target.task,
        numeric=numeric,
        numeric_names=columns,
        codes=codes,
        categories=categories,
        target=target.values,
        target_names=target.names,
        classes=target.classes,
        row_ids=np.arange(len(table)),
        fingerprint=fingerprint(schema, numeric, codes, target.values),
        notes=fetched.notes,
    )


def _dense(data: Any, name: str) -> Floats:
    """Return the table as a dense array, if it is small enough for one."""
    check_memory(8 * data.shape[0] * data.shape[1], name)
    table = np.asarray(data.toarray() if hasattr(data, "toarray") else data, dtype=np.float64)
    if np.isinf(table).any():
        raise DataError(f"{name}: holds infinite values.")
    return table


def _target(bunch: Any, task: Task | None, name: str) -> Target:
    values = np.asarray(bunch.target)
    names = tuple(map(str, bunch.target_names))
    where = rows_of(name)

    if values.dtype == object:
        missing = [row for row, value in enumerate(values.reshape(-1)) if value is None]
        refuse_missing(names[0], missing, where)
        return target_of_labels([str(value) for value in values.reshape(-1)], names[0], task, name)
    return target_of_numbers(values.reshape(len(values), -1), names, task, where, name)
