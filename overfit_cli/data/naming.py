"""Names, cells and paths from files as they may stand in a message: escaped, cut, not too many."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def shown(text: str, width: int = 40) -> str:
    """Return `text` quoted: escapes made visible, cut to `width` characters."""
    return repr(text if len(text) <= width else text[: width - 1] + "…")


def shown_path(path: str) -> str:
    """Return `path` as typed, unless something in it cannot be printed."""
    return path if path.isprintable() and len(path) <= 300 else shown(path, 300)


def listed(names: Sequence[str], most: int = 20) -> str:
    """Return up to `most` names."""
    more = f", … ({len(names):,} in all)" if len(names) > most else ""
    return ", ".join(shown(name) for name in names[:most]) + more


def no_such(name: str, names: Sequence[str], what: str) -> str:
    """Say that a file has no `what` called `name`, with the nearest it has and some of them."""
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f" Did you mean {shown(near[0])}?" if near else ""
    return f"no {what} {shown(name)}.{hint} There are: {listed(names)}."
