"""A config file: TOML whose keys are the options of `run`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from overfit_cli.errors import UsageError

# A config is a page of text; anything larger is a mistake.
MOST_BYTES = 2**20


def read_config(path: str) -> dict[str, Any]:
    """Return the keys of a TOML file.

    Raises:
        UsageError: no such file, too large, not UTF-8, or not TOML; names file, line and column.
    """
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"config {path!r}: {getattr(error, 'strerror', error)}.") from None
    if len(raw) > MOST_BYTES:
        raise UsageError(f"config {path!r}: larger than {MOST_BYTES:,} bytes.")
    try:
        return tomllib.loads(raw.decode())
    except UnicodeDecodeError as error:
        raise UsageError(f"config {path!r}: not UTF-8 at byte {error.start}.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"config {path!r}: {error}.") from None
