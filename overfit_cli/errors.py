"""What the user is told when something is wrong: one class per exit code."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class OverfitError(Exception):
    """An error whose message is written for the user; `exit_code` is the process's."""

    exit_code = 1


class UsageError(OverfitError):
    """A wrong option, name, combination or config key."""

    exit_code = 2


class RunsFailed(OverfitError):
    """Some runs failed or diverged; the others are kept."""

    exit_code = 3


class GateTripped(OverfitError):
    """A finding that the caller said to fail on."""

    exit_code = 4


class VerifyMismatch(OverfitError):
    """A run trained again does not give what was recorded."""

    exit_code = 5


class DataError(OverfitError):
    """A data file or data set that cannot be used as it is."""

    exit_code = 65


class StoreError(OverfitError):
    """The store or the disk refused."""

    exit_code = 74


class Interrupted(OverfitError):
    """The user pressed Ctrl-C, or the process was asked to end."""

    exit_code = 130


def choose(name: str, allowed: Iterable[str], what: str) -> str:
    """Return `name` if it is among `allowed`, else raise.

    Raises:
        UsageError: names what is allowed and the nearest of it.
    """
    names = list(allowed)
    if name in names:
        return name
    raise UsageError(unknown(name, names, what))


def unknown(name: str, allowed: Iterable[str], what: str) -> str:
    """Say that `name` is no `what`, with the nearest allowed name and all of them."""
    names = list(allowed)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return f"unknown {what} '{name}'.{hint} Allowed: {', '.join(names)}."
