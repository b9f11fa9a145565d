"""How numbers of things, and many names, are said, wherever a sentence is made."""

from __future__ import annotations

from collections.abc import Iterable


def count(value: int) -> str:
    """Return a whole number, with thousands separated from 10,000 on."""
    return f"{value:,}" if abs(value) >= 10_000 else str(value)


def plural(number: int, noun: str) -> str:
    """Return `1 seed`, `5 seeds`, `10 classes`."""
    ending = "" if number == 1 else "es" if noun.endswith("s") else "s"
    return f"{count(number)} {noun}{ending}"


def shortened(names: Iterable[str], most: int = 5) -> str:
    """Return the names, at most `most` of them, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(f"'{name}'" for name in listed[:most]) + more
