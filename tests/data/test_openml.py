"""OpenML at its boundary: a fetch function of scikit-learn's signature, and no network."""

from __future__ import annotations

import inspect
import warnings
import zlib
from http.client import IncompleteRead
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError, URLError

import numpy as np
import pytest

from overfit_cli.data import openml
from overfit_cli.data.dataset import FREE, TEST
from overfit_cli.data.request import DataRequest
from overfit_cli.errors import DataError, UsageError


def bunch(**changes: Any) -> SimpleNamespace:
    fields = {
        "data": np.array([[1.5, 0, np.nan], [np.nan, 1, 2], [3, np.nan, 4], [5, 0, 6]]),
        "feature_names": ["u", "v", "w"],
        "categories": {"v": ["red", "blue"]},
        "target": np.array(["no", "yes", "no", "yes"], dtype=object),
        "target_names": ["class"],
    }
    return SimpleNamespace(**{**fields, **changes})


class Fetch:
    """Stands in for sklearn.datasets.fetch_openml, called as that one can be called."""

    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome
        self.calls: list[dict[str, Any]] = []

    def __call__(self, name: str, **options: Any) -> Any:
        self.calls.append({"name": name, **options})
        if isinstance(self.outcome, Exception):
            raise self.outcome
        warnings.warn("version 1 is inactive", stacklevel=1)
        return self.outcome


def test_numbers_categories_and_classes() -> None:
    data = openml.load(DataRequest("openml:credit"), {}, 0, Fetch(bunch()))
    np.testing.assert_array_equal(data.numeric, [[1.5, np.nan], [np.nan, 2], [3, 4], [5, 6]])
    assert (data.numeric_names, data.categories) == (("u", "w"), (("v", ("red", "blue")),))
    assert data.codes[:, 0].tolist() == [0, 1, -1, 0]
    assert (data.classes, data.target.tolist()) == (("no", "yes"), [0, 1, 0, 1])
    assert "version 1 is inactive" in data.notes


def test_a_numeric_target_is_regression() -> None:
    target = np.array([0.5, 1.5, 2.5, 3.5])
    data = openml.load(DataRequest("openml:houses"), {}, 0, Fetch(bunch(target=target)))
    assert (data.task, data.target.tolist()) == ("regression", [[0.5], [1.5], [2.5], [3.5]])


def test_version_and_target_are_passed_in_words_scikit_learn_knows() -> None:
    fetch = Fetch(bunch())
    openml.load(DataRequest("openml:adult:version=2", target="class"), {}, 0, fetch)
    (call,) = fetch.calls
    assert (call["name"], call["version"], call["target_column"]) == ("adult", 2, ["class"])
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    assert set(call) <= set(inspect.signature(sklearn_datasets.fetch_openml).parameters)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (URLError(OSError(-3, "Temporary failure in name resolution")), "needs the network once"),
        (HTTPError("https://x", 503, "Busy", None, None), "Busy.*needs the network once"),  # type: ignore[arg-type]
        (TimeoutError("timed out"), "timed out.*needs the network once"),
        (IncompleteRead(b"x", 9), "openml:nope: .*9 more expected.*needs the network once"),
        (EOFError("Compressed file ended early"), "openml:nope: Compressed file ended early"),
        (zlib.error("Error -3"), "openml:nope: Error -3"),
        (ValueError("No active dataset nope found."), "No active dataset nope found"),
    ],
)
def test_what_goes_wrong_is_said(error: Exception, message: str) -> None:
    with pytest.raises(DataError, match=message):
        openml.load(DataRequest("openml:nope"), {}, 0, Fetch(error))


@pytest.mark.parametrize(
    "text", ["openml:", "openml:a:version=x", "openml:a:v=1", "openml:a:version=0"]
)
def test_misspelt_requests(text: str) -> None:
    with pytest.raises(UsageError, match="openml:NAME"):
        openml.load(DataRequest(text), {}, 0, Fetch(bunch()))


def test_options_of_files_are_refused() -> None:
    with pytest.raises(UsageError, match="--drop means nothing for OpenML"):
        openml.load(DataRequest("openml:a", drop=("u",)), {}, 0, Fetch(bunch()))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": None}, "say --target"),
        ({"target": np.array(["a", None, "b", "a"], dtype=object)}, r"row 1 \(from 0\)"),
        ({"data": np.full((4, 3), np.inf)}, "infinite"),
        ({"data": SimpleNamespace(shape=(10**6, 10**6), toarray=None)}, "the limit is"),
    ],
)
def test_row_18_data_that_cannot_be_used(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        openml.load(DataRequest("openml:a"), {}, 0, Fetch(bunch(**changes)))


def test_mnist_is_pixels_with_the_last_rows_as_test_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openml, "MNIST_TRAIN", 3)
    data = openml.fetch_mnist(
        Fetch(bunch(data=np.full((4, 3), 255.0), categories=None, target=bunch().target))
    )
    assert (data.numeric.dtype, data.pixel_range) == (np.uint8, 255.0)
    assert data.part is not None
    assert data.part.tolist() == [FREE, FREE, FREE, TEST]
