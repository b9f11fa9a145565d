"""Columns that only tell the rows apart: how they are recognised."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from overfit_cli.data.dataset import Floats

MIN_ID_WORDS = 20
"""Up to so many different values, or rows, are no sign of an id."""
WHOLE_NAMES = ("index", "row", "column_1", "unnamed: 0")
LAST_WORDS = ("id", "rowid", "uuid", "guid")


def all_different(numbers: Floats, starts: Sequence[int] = (0,)) -> bool:
    """Say whether numbers (n,) are whole, none missing, and no two alike; n > MIN_ID_WORDS.

    starts: the first row of each file; ids may begin anew in the next.
    """
    if len(numbers) <= MIN_ID_WORDS:
        return False
    return all(map(_differ, np.split(numbers, starts[1:])))


def counts(numbers: Floats, starts: Sequence[int] = (0,)) -> bool:
    """Say whether numbers that are `all_different` leave none out between them."""
    return all(np.ptp(each) == len(each) - 1 for each in np.split(numbers, starts[1:]))


def called_id(name: str) -> bool:
    """Say whether a column is called as ids are: id, order_id, customerId; not PAID or GRID."""
    last = name.replace("_", " ").replace("-", " ").split(" ")[-1]
    whole = name.lower() in WHOLE_NAMES
    return whole or last.lower() in LAST_WORDS or bool(re.search("[a-z](Id|ID)$", last))


def _differ(numbers: Floats) -> bool:
    n = len(numbers)
    # the first test is cheap, and a column of pixels fails it
    if not n - 1 <= np.ptp(numbers) < np.inf:
        return False
    return bool(np.array_equal(numbers, np.floor(numbers))) and len(np.unique(numbers)) == n
