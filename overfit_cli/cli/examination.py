"""What `overfit doctor` does."""

from __future__ import annotations

import os
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from threadpoolctl import threadpool_info

from overfit_cli.cli.console import say, show, write
from overfit_cli.cli.places import store_exists, store_path
from overfit_cli.compiled import available
from overfit_cli.errors import StoreError
from overfit_cli.experiment.environment import environment
from overfit_cli.report.json_text import document
from overfit_cli.report.page import details
from overfit_cli.store import DamagedStore, Repaired, Store, header_faults, repair
from overfit_cli.words import plural

NEEDED = (
    "numpy",
    "scikit-learn",
    "polars",
    "pydantic",
    "typer",
    "rich",
    "platformdirs",
    "threadpoolctl",
    "scipy",
    "pebble",
    "jinja2",
    "matplotlib",
)
OPTIONAL = ("distributed",)
ADVICE = (
    "`overfit doctor --repair` keeps every intact run, and the damaged file under another name."
)


def examine(store: str | None, mend: bool, json: bool) -> None:
    """Print versions, BLAS and its threads, and every problem of the store; mend it if asked.

    Raises:
        StoreError: if the store has problems and is not mended, or cannot be looked at: it is in
            use, of a newer version, no store at all, or the disk refuses. That is no damage.
    """
    path = store_path(store)
    problems, runs, refused = _store_health(path)
    facts = _facts(path, runs)
    if not json:
        show(*details("doctor", facts), *problems)
    repaired = repair(Path(path)) if mend and problems else None
    if json:
        told = [str(refused)] if refused else problems
        write(_document(facts, told, repaired))
    if refused is not None:
        raise refused
    if repaired is not None:
        say(_account(path, repaired))
    elif problems:
        raise StoreError(f"store {path}: {plural(len(problems), 'problem')}. {ADVICE}")


def _document(facts: dict[str, str], problems: list[str], repaired: Repaired | None) -> str:
    told = None if repaired is None else asdict(repaired) | {"aside": str(repaired.aside)}
    return document("overfit.doctor/1", facts=facts, problems=problems, repaired=told)


def _account(path: str, repaired: Repaired) -> str:
    lost = len(repaired.damaged) + repaired.missing
    named = f" ({', '.join(repaired.damaged[:5])})" if repaired.damaged else ""
    again = " The commands that made them train them again." if lost else ""
    return (
        f"repaired: store {path} holds the {plural(len(repaired.kept), 'intact run')}; "
        f"{plural(lost, 'run')} lost{named}.{again} The damaged file is now {repaired.aside}."
    )


def _facts(path: str, runs: str) -> dict[str, str]:
    here = environment()
    facts = {name: str(here[name]) for name in ("overfit", "python", "platform", "cpus")}
    facts |= {name: _version(name) for name in (*NEEDED, *OPTIONAL)}
    for entry in threadpool_info():
        if entry["user_api"] == "blas":
            facts["BLAS"] = str(here["blas"])
            facts["BLAS threads"] = f"{entry['num_threads']} available, 1 used unless --threads"
    kernels, told = available()
    facts["compiled kernels"] = f"{told}, for long trainings" if kernels else f"none: {told}"
    data = os.environ.get("OVERFIT_DATA")
    facts["OVERFIT_DATA"] = "not set" if not data else data + _missing(data)
    return facts | {"store": path, "stored runs": runs}


def _missing(folder: str) -> str:
    return "" if Path(folder).is_dir() else " (no such folder)"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _store_health(path: str) -> tuple[list[str], str, StoreError | None]:
    """Return what is damaged in the store, how many runs it has, and what kept us from looking."""
    problems: list[str] = []
    try:
        if not store_exists(path):
            return [], "none yet", None
        problems += header_faults(Path(path))
        with Store.open(path, "read") as opened:
            problems += opened.check()
            return problems, str(len(opened.summaries())), None
    except DamagedStore as error:
        return problems or [str(error)], "unknown", None
    except StoreError as error:  # a damaged header can look like a read-only file
        return problems, "unknown", None if problems else error
