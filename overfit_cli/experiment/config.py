"""A config file: TOML whose keys are the options of `run`, with a table per method if need be."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from overfit_cli.errors import UsageError, unknown
from overfit_cli.experiment.options import Options, parse_options

# A config is a page of text; anything larger is a mistake.
MOST_BYTES = 2**20

# In a wheel the shipped configs lie inside the package, in a checkout beside it.
SHIPPED = (Path(__file__).parents[1] / "configs", Path(__file__).parents[2] / "configs")


def read_config(name: str, overrides: Mapping[str, Any]) -> list[Any]:
    """Return one `Options` per `[[methods]]` table of a config, or a single one without them.

    name: a file, or a shipped config's name. overrides: what the command line says; they win, and
    a method among them replaces the tables.

    Raises:
        UsageError: no such config, not TOML, an unknown key (with its line and the nearest name).
    """
    # so that a bad flag is not blamed on the file
    parse_options(overrides)
    path = find_config(name)
    text = _text(path)
    try:
        keys = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: {error}.") from None
    tables = keys.pop("methods", [{}])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{path}: write each method as a table [[methods]].")
    if "method" in overrides:
        tables = [{}]
    for table in (keys, *tables):
        _check_keys(table, path, text)
        parse_options(table, str(path))
    return [parse_options(_merged(keys, table, overrides), str(path)) for table in tables]


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
    except (OSError, ValueError) as error:
        raise UsageError(f"config {name!r}: {error}.") from None
    shipped = {path.stem: path for folder in SHIPPED for path in sorted(folder.glob("*.toml"))}
    if name in shipped:
        return shipped[name]
    raise UsageError(f"no such file; {unknown(name, shipped, 'shipped config')}")


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


def _check_keys(table: Mapping[str, Any], path: Path, text: str) -> None:
    for key in table:
        if key in ("grid", "select", "name"):
            raise UsageError(f"{path}, line {_line(key, text)}: '{key}' is for batches of runs.")
        if key not in Options.model_fields:
            said = unknown(key, Options.model_fields, "key")
            raise UsageError(f"{path}, line {_line(key, text)}: {said}")


def _line(key: str, text: str) -> int:
    """Return the line on which a key is written, 1 if it is not found."""
    pattern = re.compile(rf"\s*(\[+\s*)?[\"']?{re.escape(key)}\b")
    lines = text.splitlines()
    return next((n for n, line in enumerate(lines, 1) if pattern.match(line)), 1)
