"""How numbers of things are said, wherever a sentence is made."""

from __future__ import annotations


def count(value: int) -> str:
    """Return a whole number, with thousands separated from 10,000 on."""
    return f"{value:,}" if abs(value) >= 10_000 else str(value)


def plural(number: int, noun: str) -> str:
    """Return `1 seed`, `5 seeds`, `10 classes`."""
    ending = "" if number == 1 else "es" if noun.endswith("s") else "s"
    return f"{count(number)} {noun}{ending}"
