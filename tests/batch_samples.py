"""Small batches in real processes, and what must be the same however they were run."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from overfit_cli.cli.app import execute
from overfit_cli.store import Store

SIXTY = """
name = "sixty"
dataset = "moons:n=120,n_test=60"
hidden = [6]
epochs = 6
seeds = 5
[[methods]]
method = "none"
grid.lr = [0.01, 0.05, 0.1, 0.2]
[[methods]]
method = "dropout"
grid.p = [0.5, 0.8]
grid.lr = [0.05, 0.1]
[[methods]]
method = "l2"
grid.l2 = [0.001, 0.01]
grid.lr = [0.05, 0.1]
"""


def written(folder: Path, text: str = SIXTY) -> Path:
    """Return a config with this text."""
    path = folder / "batch.toml"
    path.write_text(text)
    return path


def command(config: Path, store: Path, *more: str) -> list[str]:
    """Return the command that runs a batch in a process of its own."""
    return [sys.executable, "-m", "overfit_cli", "batch", str(config), "--store", str(store), *more]


def start(config: Path, store: Path, *more: str) -> subprocess.Popen[bytes]:
    """Start a batch in a process group of its own."""
    return subprocess.Popen(
        command(config, store, *more),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""},
    )


def run_here(config: Path, store: Path, *more: str) -> int:
    """Run a batch in this process, one task after another; return the exit code."""
    words = ["batch", str(config), "--store", str(store), "--executor", "serial", *more]
    return execute(words)


def digest(store: Path) -> str:
    """Return a hash of everything that training found, over runs in the order of their ids."""
    total = hashlib.sha256()
    with Store.open(store, "read") as opened:
        ids = sorted(opened.statuses())
        for result in opened.results(ids, ("curves", "predictions", "model")):
            document = result.to_json()
            for key in ("seconds", "environment"):
                document.pop(key)
            total.update(json.dumps(document, sort_keys=True).encode())
            for part in (result.predictions, result.model):
                for name in sorted(vars(part) if part else ()):
                    value = getattr(part, name)
                    if hasattr(value, "tobytes"):
                        total.update(value.tobytes())
    return total.hexdigest()


FORMS = ("json", "markdown", "html", "csv")


def reports(
    store: Path, folder: Path, name: str, forms: tuple[str, ...] = FORMS
) -> dict[str, bytes]:
    """Return the reproducible reports of a batch."""
    found = {}
    for form in forms:
        path = folder / f"report.{form}"
        words = ["compare", name, "--store", str(store), "--no-times", "--format", form]
        assert execute([*words, "--output", str(path)]) == 0
        found[form] = path.read_bytes()
    return found


def stored_rows(store: Path) -> dict[str, str]:
    """Return, per stored run, a hash that changes if it is ever trained again."""
    if not store.exists():
        return {}
    with Store.open(store, "read") as opened:
        found = opened.results(sorted(opened.statuses()), ())
        return {run.run_id: f"{run.seconds!r} {run.environment}" for run in found}
