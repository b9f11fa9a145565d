"""What the user is told when something is wrong: one class per exit code."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

LONGEST, LONGEST_PATH = 100, 300
"""Characters of a value, and of what holds a `/`, that a message repeats."""

# What is quoted, or has no blank. A closing quote is followed by a blank or a mark: it opens none.
_VALUES = re.compile(
    rf"(?<!\w)(?P<quote>['\"])(?![\s.,:;)])(?:(?!(?P=quote))[^\n]){{{LONGEST + 1},}}(?P=quote)"
    rf"|[^\s'\"]{{{LONGEST + 1},}}"
)

# What people ask for by a name that is not ours: the name it has here, and why.
OTHER_NAMES = dict.fromkeys(("accuracy", "acc"), ("error", "one minus accuracy"))


class OverfitError(Exception):
    """An error whose message is written for the user; `exit_code` is the process's."""

    exit_code = 1

    def __init__(self, message: object = "") -> None:
        super().__init__(readable(str(message)))


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
    others = [other for other, (own, _) in OTHER_NAMES.items() if own in names]
    near = difflib.get_close_matches(name, [*names, *others], n=1, cutoff=0.5)
    hint = f" Did you mean {_own_name(near[0])}?" if near else ""
    return f"unknown {what} '{cut(name)}'.{hint} Allowed: {', '.join(names)}."


def _own_name(name: str) -> str:
    own, why = OTHER_NAMES.get(name, (name, ""))
    return f"'{own}'" + (f" ({why})" if why else "")


def readable(message: str) -> str:
    """Return `message` with long values cut, but for lines that are a command to paste."""
    lines = message.split("\n")
    return "\n".join(
        line if line.startswith("overfit ") else _VALUES.sub(_brief, line) for line in lines
    )


def _brief(found: re.Match[str]) -> str:
    quote = found["quote"] or ""
    value = found[0].removeprefix(quote).removesuffix(quote)
    return quote + cut(value, LONGEST_PATH if "/" in value else LONGEST) + quote


def cut(text: str, width: int = LONGEST) -> str:
    """Return at most `width` characters of `text`; `…` says that there were more."""
    return text if len(text) <= width else text[: width - 1] + "…"
