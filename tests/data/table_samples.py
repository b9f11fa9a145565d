"""Tables as text, and how tests load them."""

from __future__ import annotations

from typing import Any

from overfit_cli.data import table
from overfit_cli.data.dataset import Dataset
from overfit_cli.data.request import DataRequest

PLAIN = "a,b,y\n1,x,0\n2,z,1\n,x,0\n4,,1\n"


def load(path: str, **said: Any) -> Dataset:
    return table.load(DataRequest(path, **said), {}, 0)


def same(one: Dataset, other: Dataset) -> bool:
    return one.fingerprint == other.fingerprint


def many(cell: str, n: int = 40, column: str = "a") -> str:
    """Return a table whose numeric column has `cell` in file line 12."""
    rows = [f"{i}.5,{i % 2}" for i in range(n)]
    rows[10] = f"{cell},0"
    return f"{column},y\n" + "\n".join(rows) + "\n"
