"""Options that several commands share, and where the store lies."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Annotated

import typer

from overfit_cli.errors import StoreError, UsageError

DEFAULT_STORE = "overfit.db"

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store", metavar="FILE", help=f"Store; default $OVERFIT_STORE or ./{DEFAULT_STORE}."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise UsageError(f"--workers: '{text}' is not a whole number from 1 to 1024.")
    return int(text)


WorkersOption = Annotated[
    int | None,
    typer.Option(
        metavar="N", parser=_workers, help="Worker processes [all cores; if it is short: 1]."
    ),
]


def _every(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"--every: '{text}' is not a whole number of at least 1.")
    return int(text)


EveryOption = Annotated[
    int | None, typer.Option(metavar="N", parser=_every, help="Print every N-th epoch.")
]


def store_path(given: str | None) -> str:
    """Return the store to use: what was given, $OVERFIT_STORE, or ./overfit.db."""
    return given or os.environ.get("OVERFIT_STORE") or DEFAULT_STORE


def store_exists(path: str) -> bool:
    """Return whether there is something at `path`; an empty file is no store yet.

    Raises:
        StoreError: the path is none, or cannot be looked at.
    """
    try:
        found = Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        raise StoreError(f"store {path!r}: {getattr(error, 'strerror', None) or error}.") from None
    return found.st_size > 0 or not stat.S_ISREG(found.st_mode)


def check_store(path: str) -> None:
    """Open now what does not look like a store, so that a refusal comes before all else.

    Raises:
        StoreError: there can be none at `path`.
    """
    if not _looks_like_one(path):
        from overfit_cli.store import Store

        with Store.open(path):
            pass


def _looks_like_one(path: str) -> bool:
    """Tell whether a store is at `path` or can be made there, by what can be seen at once."""
    file = Path(path)
    if not store_exists(path):
        return os.access(file.parent, os.W_OK)
    if not file.is_file() or not os.access(file, os.R_OK | os.W_OK):
        return False
    from overfit_cli.store.repair import MAGIC

    with file.open("rb") as opened:
        return opened.read(len(MAGIC)) == MAGIC


def complete_run(incomplete: str) -> list[str]:
    """Return the ids of stored runs that begin so, for shell completion."""
    from overfit_cli.errors import OverfitError
    from overfit_cli.store import Store

    try:
        with Store.open(store_path(None), "read") as store:
            return store.complete_ids(incomplete)
    except OverfitError:
        return []


RunArgument = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="Run id, its beginning, or 'last'.", autocompletion=complete_run
    ),
]
