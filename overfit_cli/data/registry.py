"""`load`: a data set by its name with options, by `openml:NAME`, or from a file."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path

from overfit_cli.data.dataset import Dataset
from overfit_cli.data.request import DataRequest
from overfit_cli.data.source import Source, all_options, full_name, said_options
from overfit_cli.data.sources import SOURCES
from overfit_cli.errors import DataError, UsageError, unknown

TABLES = (".csv", ".tsv", ".txt", ".parquet")
SUFFIXES = (*TABLES, ".npz")
SHEETS = (".xlsx", ".xls", ".ods")


def load(request: DataRequest, seed: int) -> Dataset:
    """Load what `request.dataset` asks for; `seed` matters to generators only.

    Raises:
        UsageError: no such source or option, or an option that this source cannot use.
        DataError: no such file, or a file that cannot be used.
    """
    name, _, options = request.dataset.partition(":")
    if name in SOURCES:
        return _load_named(SOURCES[name], options, request, seed)
    if name == "openml":
        from overfit_cli.data import openml

        return openml.load(request, {}, seed)
    return _load_path(request, seed)


def _load_named(source: Source, text: str, request: DataRequest, seed: int) -> Dataset:
    said = said_options(text, source)
    _refuse_file_options(source, request)
    if source.resample == "draws" and request.resample == "splits" and "n_test" in said:
        raise UsageError("resample 'splits' splits the n rows: use test_size in place of n_test.")
    if source.resample != "draws" and request.resample == "draws":
        raise UsageError(f"resample 'draws' needs a generator; '{source.name}' is a fixed table.")
    values = all_options(said, source)
    return replace(source.load(request, values, seed), name=full_name(source, values))


def _refuse_file_options(source: Source, request: DataRequest) -> None:
    """Refuse, rather than ignore, what only files can be told."""
    given = {
        "--target": request.target,
        "--features": request.features,
        "--drop": request.drop,
        "--val-file": request.val_file,
        "--test-file": request.test_file,
        "--split-column": request.split_column,
        "--group-column": request.group_column,
        "--time-column": request.time_column,
        "--weight-column": request.weight_column,
        "--task": request.task if request.task != source.task else None,
    }
    for option, value in given.items():
        if value:
            raise UsageError(f"{option} is for files; '{source.name}' is a {source.task} data set.")


def _load_path(request: DataRequest, seed: int) -> Dataset:
    path = Path(request.dataset)
    if not _exists(path):
        return _load_array(request, seed)
    if path.is_dir():
        from overfit_cli.data import idx

        return idx.load(request, {}, seed)
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    if suffix == ".npz":
        return _load_array(request, seed)
    if suffix in TABLES:
        from overfit_cli.data import table

        return table.load(request, {}, seed)
    sheet = " Save the sheet as CSV (UTF-8)." if suffix in SHEETS else ""
    raise UsageError(f"{request.dataset!r}: the name must end in {', '.join(SUFFIXES)}.{sheet}")


def _load_array(request: DataRequest, seed: int) -> Dataset:
    """Load FILE.npz, or FILE.npz:x=NAME where the array of inputs has a name of its own."""
    file, suffix, text = request.dataset.rpartition(".npz")
    if not suffix or not _exists(Path(file + suffix)):
        raise _not_found(request.dataset)
    from overfit_cli.data import npz

    key, equals, name = text.removeprefix(":").partition("=")
    if text and not (text.startswith(":") and key == "x" and equals and name):
        raise UsageError(
            f"{text!r} after {file + suffix!r}: the only option is :x=NAME, the inputs."
        )
    options = {"x": name} if text else {}
    return npz.load(replace(request, dataset=file + suffix), options, seed)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long for the file system, or a forbidden folder
        return False


def _not_found(name: str) -> DataError | UsageError:
    path = Path(name)
    if not path.suffix and len(path.parts) < 2:
        known = unknown(name, [*SOURCES, "openml:NAME"], "data set")
        return UsageError(f"{known} Or a file: {', '.join(SUFFIXES)}.")
    near = difflib.get_close_matches(path.name, _names_beside(path), n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return DataError(f"no such file: {name!r}.{hint}")


def _names_beside(path: Path) -> list[str]:
    try:
        return [beside.name for beside in path.parent.iterdir()]
    except (OSError, ValueError):  # no such folder, none of ours, or no name for one
        return []
