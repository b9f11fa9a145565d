"""A config file: TOML whose keys are the options of `run`, with a table per method if need be."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from overfit_cli.errors import UsageError, cut, unknown
from overfit_cli.experiment.options import (
    DESCENT,
    NEEDS,
    REMEDY_OPTIONS,
    Options,
    parse_options,
)

# A config is a page of text; anything larger is a mistake.
MOST_BYTES = 2**20

# A seed is an axis of every batch already, and a list of methods is one of its own.
NO_AXES = ("method", "seeds", "seed")
SELECT = ("nll", "error", "brier", "ece", "auc", "rmse", "mae", "r2")

NAME = re.compile(r"[\w][\w.+-]{0,99}")
NAMES = "a word of at most 100 characters, not 'last'"

# In a wheel the shipped configs lie inside the package, in a checkout beside it.
SHIPPED = (Path(__file__).parents[1] / "configs", Path(__file__).parents[2] / "configs")


@dataclass(frozen=True)
class Table:
    """One method's options, and its axes: option name -> values, in the order written."""

    options: Mapping[str, Any]
    grid: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Config:
    """A config as read: every value checked by itself.

    select: the validation metric by which hyperparameters are chosen, per method and seed.
    """

    name: str
    tables: tuple[Table, ...]
    select: str = "nll"


def read_config(name: str, overrides: Mapping[str, Any]) -> list[Any]:
    """Return one `Options` per `[[methods]]` table of a config for `run`, which knows no grids.

    Raises:
        UsageError: see read_batch; a grid.
    """
    config = read_batch(name, overrides)
    if any(table.grid for table in config.tables):
        raise UsageError(f"{name} has a grid, which is for batches: overfit batch {name}.")
    where = str(find_config(name))
    return [parse_options(table.options, where) for table in config.tables]


def read_batch(name: str, overrides: Mapping[str, Any], title: str | None = None) -> Config:
    """Return a config with the tables of its methods.

    name: a file, or a shipped config's name. overrides: what the command line says; they win over
    keys and axes, and a method among them replaces the tables. title: a name for the batch in
    place of the config's.

    Raises:
        UsageError: no such config, not TOML, an unknown key (with its line and the nearest name),
            a value that is not allowed.
    """
    # so that a bad flag is not blamed on the file
    asked = parse_options(overrides)
    if title is not None and not _names_a_batch(title):
        raise UsageError(f"--name: {title!r} must be {NAMES}.")
    path = find_config(name)
    text = _text(path)
    try:
        keys = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: {error}.") from None
    source = _Source(path, text)
    tables = source.methods(keys)
    own_title = source.title(keys.pop("name", path.stem))
    select = source.select(keys.pop("select", {}))
    shared = source.table(keys)
    own = [source.table(table) for table in tables]
    shared = _useful(shared, asked)
    if "method" in overrides:
        own = [{}]
    merged = (_merged(shared, table, overrides) for table in own)
    return Config(title or own_title, tuple(_table(layer) for layer in merged), select)


def _useful(shared: Mapping[str, Any], asked: Any) -> dict[str, Any]:
    """Leave out shared keys for which what is asked for in place of the config's has no use."""
    typed = asked.model_fields_set
    remedies = {name.strip() for method in asked.method for name in method.split("+")}
    if asked.inference == "mc-dropout":
        remedies.add("dropout")
    found = {}
    for key, value in shared.items():
        owner = "dropout" if key == "drop_rate" else REMEDY_OPTIONS.get(key, ("",))[0]
        # what gradient descent uses is of use to other methods, whatever the inference
        others = key in DESCENT and remedies != {"bayes"}
        needed = all(
            name not in typed or getattr(asked, name) in allowed or (others and name == "inference")
            for name, allowed in NEEDS.get(key, [])
        )
        if needed and ("method" not in typed or owner in {"", *remedies}):
            found[key] = value
    return found


def name_after(config: str, overrides: Mapping[str, Any]) -> str:
    """Return a batch's name that tells its data and tells apart whatever else was asked.

    `remedies` as it is, `remedies-moons` on a named data set, `remedies-my-1f0c3a` on a file or
    with further options.
    """
    if not overrides:
        return config
    dataset = str(overrides.get("dataset", ""))
    stem = re.sub(r"[^\w+-]+", "-", re.split(r"[:.]", Path(dataset).name)[0]).strip("-")[:40]
    plain = set(overrides) == {"dataset"} and dataset == stem
    written = json.dumps(overrides, sort_keys=True, default=str)
    digest = "" if plain else hashlib.sha256(written.encode()).hexdigest()[:6]
    return "-".join(filter(None, (config, stem, digest)))


def _names_a_batch(value: Any) -> bool:
    return isinstance(value, str) and bool(NAME.fullmatch(value)) and value != "last"


class _Axis(tuple[Any, ...]):
    """The values of a grid's axis, among single values."""


def _table(layer: Mapping[str, Any]) -> Table:
    axes = {key: tuple(values) for key, values in layer.items() if isinstance(values, _Axis)}
    return Table({k: v for k, v in layer.items() if k not in axes}, axes)


@dataclass(frozen=True)
class _Source:
    """The text of a config, for messages that say where."""

    path: Path
    text: str

    def table(self, keys: Mapping[str, Any]) -> dict[str, Any]:
        """Return single values and axes together, each checked."""
        single = {key: value for key, value in keys.items() if key != "grid"}
        self._known(single, Options.model_fields, "key")
        parse_options(single, str(self.path))
        grid = keys.get("grid", {})
        if not isinstance(grid, dict):
            self._refuse("grid", "'grid' holds axes: grid.lr = [0.02, 0.1]")
        self._known(grid, [name for name in Options.model_fields if name not in NO_AXES], "axis")
        for key in grid:
            if key in single:
                self._refuse(key, f"'{key}' is given once as a value and once as an axis")
        return single | {key: self._axis(key, values) for key, values in grid.items()}

    def methods(self, keys: dict[str, Any]) -> list[dict[str, Any]]:
        """Take the tables of methods out of `keys`, and return them."""
        for key, value in keys.items():
            listed = isinstance(value, list) and any(isinstance(item, dict) for item in value)
            if listed and key not in ("methods", "select", "grid"):
                self._refuse(key, f"unknown tables [[{cut(key)}]]; write [[methods]]")
        tables = keys.pop("methods", [{}])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self._refuse("methods", "write each method as a table [[methods]]")
        if not tables:
            self._refuse("methods", "'methods' is empty: name one method at least")
        return tables

    def _axis(self, key: str, values: Any) -> _Axis:
        if not isinstance(values, list) or not values:
            self._refuse(key, f"grid.{key} must be a list of values, such as [1, 2]")
        for value in values:
            parse_options({key: value}, f"{self.path}, line {_line(key, self.text)}")
        once = {repr(value): value for value in values}
        return _Axis(once.values())

    def title(self, value: Any) -> str:
        """Return the batch's name."""
        if not _names_a_batch(value):
            self._refuse("name", f"the name {value!r} must be {NAMES}")
        return str(value)

    def select(self, table: Any) -> str:
        """Return the metric of `[select]`."""
        if not isinstance(table, dict):
            self._refuse("select", "write [select] and below it metric = 'nll'")
        self._known(table, ("metric",), "key of [select]")
        metric = table.get("metric", "nll")
        if metric not in SELECT:
            self._refuse("metric", unknown(str(metric), SELECT, "metric").rstrip("."))
        return str(metric)

    def _known(self, keys: Mapping[str, Any], allowed: Iterable[str], what: str) -> None:
        for key in keys:
            if key not in allowed:
                self._refuse(key, unknown(key, allowed, what).rstrip("."))

    def _refuse(self, key: str, reason: str) -> NoReturn:
        raise UsageError(f"{self.path}, line {_line(key, self.text)}: {reason}.")


def _merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Return all keys, later layers winning; p and drop_rate, one thing in two words, as one."""
    merged: dict[str, Any] = {}
    for layer in layers:
        if "p" in layer or "drop_rate" in layer:
            merged = {k: v for k, v in merged.items() if k not in ("p", "drop_rate")}
        merged |= layer
    return merged


def find_config(name: str) -> Path:
    """Return the file `name`, or the shipped config of that name.

    Raises:
        UsageError: neither; names the shipped ones and the nearest.
    """
    try:
        if Path(name).is_file():
            return Path(name)
        is_folder = bool(name) and Path(name).is_dir()
    except (OSError, ValueError) as error:
        raise UsageError(f"config {name!r}: {getattr(error, 'strerror', error)}.") from None
    named = shipped()
    if name in named:
        return named[name]
    if is_folder:
        raise UsageError(
            f"{name} is a directory; a config is a TOML file or one of {', '.join(named)}. "
            "Data are given with --dataset."
        )
    raise UsageError(f"no such file; {unknown(name, named, 'shipped config')}")


def shipped() -> dict[str, Path]:
    """Return the shipped configs by name."""
    return {path.stem: path for folder in SHIPPED for path in sorted(folder.glob("*.toml"))}


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.") from None
    if len(raw) > MOST_BYTES:
        raise UsageError(f"{path}: larger than {MOST_BYTES:,} bytes.")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 at byte {error.start}.") from None


def _line(key: str, text: str) -> int:
    """Return the line on which a key is written, 1 if it is not found."""
    pattern = re.compile(rf"\s*(\[+\s*)?(grid\.)?[\"']?{re.escape(key)}\b")
    lines = text.splitlines()
    return next((n for n, line in enumerate(lines, 1) if pattern.match(line)), 1)
