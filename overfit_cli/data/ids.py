"""Columns that only tell the rows apart: how they are recognised."""

from __future__ import annotations

import numpy as np

from overfit_cli.data.dataset import Floats

MIN_ID_WORDS = 20
"""Up to so many different values are no sign of an id."""
WHOLE_NAMES = ("index", "row", "column_1", "unnamed: 0")
LAST_WORDS = ("id", "rowid", "uuid", "guid")


def all_different(numbers: Floats) -> bool:
    """Say whether three or more numbers (n,) are whole, none missing, and no two alike."""
    n = len(numbers)
    # the first two tests are cheap, and a column of pixels fails them
    if n <= 2 or not n - 1 <= np.ptp(numbers) < np.inf:
        return False
    return bool(np.array_equal(numbers, np.floor(numbers))) and len(np.unique(numbers)) == n


def counts(numbers: Floats) -> bool:
    """Say whether numbers that are `all_different` are many, and leave none out between them."""
    return len(numbers) > MIN_ID_WORDS and np.ptp(numbers) == len(numbers) - 1


def called_id(name: str) -> bool:
    """Say whether a column is called as ids are: id, order_id, customerId."""
    last = name.replace("_", " ").replace("-", " ").split(" ")[-1]
    whole = name.lower() in WHOLE_NAMES
    return whole or last.lower() in LAST_WORDS or last.endswith(("Id", "ID"))
