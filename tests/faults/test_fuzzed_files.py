"""Row 10: mutated CSV, NPZ, IDX, Parquet and TOML files: no traceback, no hang, at most 1 GiB.

Also what Hypothesis makes up: configs of known and unknown keys with any value, and any text.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutated_files import attempt, read_config

from overfit_cli.data import table
from overfit_cli.data.request import DataRequest
from overfit_cli.experiment.options import Options

SEED = 20
KINDS = ("csv", "npz", "idx", "parquet", "toml")
FILES = 40  # of each kind
ALL_FILES = 2_000  # 10,000 in all
WORKER = Path(__file__).with_name("fuzz_worker.py")


@pytest.mark.parametrize(
    ("kinds", "files"),
    [(KINDS, FILES), *(pytest.param((kind,), ALL_FILES, marks=pytest.mark.slow) for kind in KINDS)],
)
def test_row_10_mutated_files_in_one_gigabyte(
    tmp_path: Path, kinds: tuple[str, ...], files: int
) -> None:
    words = [str(WORKER), str(SEED), str(files), str(tmp_path), *kinds]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    said = done.stdout.splitlines()
    assert done.returncode == 0, f"{said[-1:]} ended it (seed {SEED}): {done.stderr[-3000:]}"
    assert said[-2] == f"{kinds[-1]} {files - 1}"
    print(f"\n{kinds}: {files} files, {said[-1]}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    return tmp_path_factory.mktemp("made")


def toml(value: Any) -> str:
    """Return a value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"'
    return repr(value)


WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
KEYS = st.one_of(
    st.sampled_from([*Options.model_fields, "grid", "name", "methods", "select"]), WORDS
)
KNOWN = st.sampled_from(["none", "l2", "dropout+l2", "bayes", "moons", "relu", "adam", "0.5", "3"])
SCALARS = st.one_of(
    st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.integers(0, 9), KNOWN, WORDS
)
LISTS = st.lists(st.one_of(SCALARS, st.lists(SCALARS, max_size=2)), max_size=3)
VALUES = st.one_of(SCALARS, LISTS, st.dictionaries(WORDS, st.one_of(SCALARS, LISTS), max_size=2))
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=4)


@settings(max_examples=60)
@given(DOCUMENTS, DOCUMENTS, DOCUMENTS)
def test_row_10_configs_of_any_keys_and_values(
    folder: Path, shared: dict[str, Any], own: dict[str, Any], grid: dict[str, Any]
) -> None:
    path = folder / "c.toml"
    lines = [f"{toml(key)} = {toml(value)}" for key, value in shared.items()]
    lines += ["[[methods]]"] * ("methods" not in shared)
    lines += [f"{toml(key)} = {toml(value)}" for key, value in own.items() if key != "grid"]
    lines += [f"grid.{toml(key)} = {toml(value)}" for key, value in grid.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    attempt(lambda: read_config(str(path)))


CELLS = st.text(st.sampled_from('a1.,;"\n\r\t| -e\0\x1f\ufeff\u0661é='), max_size=5)


@settings(max_examples=60)
@given(st.lists(CELLS, max_size=30).map(",".join), st.sampled_from(["utf-8", "utf-16", "latin-1"]))
def test_row_10_tables_of_any_text(folder: Path, text: str, encoding: str) -> None:
    path = folder / "t.csv"
    path.write_bytes(("x,y\n" + text).encode(encoding, "replace"))
    attempt(lambda: table.load(DataRequest(str(path)), {}, 0), "t.csv")
