"""Names, cells and paths from files as they may stand in a message: escaped, cut, not too many."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from overfit_cli.errors import LONGEST_PATH, cut
from overfit_cli.words import count

MOST_ALLOWED = 20
"""Names that are listed where the user is to choose among them."""
CLOSE = 0.65
"""How alike two names have to be, as difflib counts, for one to be meant by the other."""


def shown(text: str, width: int = 40) -> str:
    """Return `text` quoted: escapes made visible, cut to `width` characters."""
    return repr(cut(text, width))


def shown_path(path: str) -> str:
    """Return `path` as typed, unless something in it cannot be printed."""
    return path if path.isprintable() and len(path) <= LONGEST_PATH else shown(path, LONGEST_PATH)


def listed(names: Sequence[str], most: int = 5) -> str:
    """Return up to `most` names, and how many more there are."""
    more = f" and {count(len(names) - most)} more" if len(names) > most else ""
    return ", ".join(shown(name) for name in names[:most]) + more


def detailed(columns: Sequence[tuple[str, str]], most: int = 5) -> str:
    """Name up to `most` columns with a detail each, and say how many more there are."""
    more = f" and {count(len(columns) - most)} more" if len(columns) > most else ""
    return ", ".join(f"{name} ({detail})" for name, detail in columns[:most]) + more


def no_such(name: str, names: Sequence[str], what: str) -> str:
    """Say that a file has no `what` called `name`, with the nearest it has and some of them."""
    near = _nearest(name, names)
    hint = f" Did you mean {shown(near)}?" if near else ""
    return f"no {what} {shown(name)}.{hint} There are: {listed(names, MOST_ALLOWED)}."


def _nearest(name: str, names: Sequence[str]) -> str | None:
    """Return the name that differs least; of those that differ in case only, the first."""
    spelled = {each.strip().casefold(): each for each in reversed(names)}
    wanted = name.strip().casefold()
    near = [wanted] if wanted in spelled else []
    near = near or difflib.get_close_matches(wanted, spelled, n=1, cutoff=CLOSE)
    return spelled[near[0]] if near else None
