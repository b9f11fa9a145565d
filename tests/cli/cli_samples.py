"""What the tests of the command line share: tiny runs, how a command ended, tables to train on."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

COMMAND = Path(sys.executable).with_name("overfit")
TERMINAL = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM", "OVERFIT_STORE", "OVERFIT_DATA")

# what a sampler takes too, which knows no epochs
SHAPE = ("--dataset", "moons:n=60,n_test=40", "--hidden", "4")
TINY = (*SHAPE, "--epochs", "3")
# without an activation nothing can die, so the loss is soon no number
DIVERGING = ("--hidden", "4,4", "--activation", "identity", "--lr", "1e6", "--epochs", "9")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def runs(self):
        return self.json["runs"]


def environment(**changes):
    """Return the environment of a process in which nothing but `changes` steers the output."""
    kept = {name: value for name, value in os.environ.items() if name not in TERMINAL}
    return kept | changes


def files():
    """Return the names of everything in the working folder."""
    return sorted(path.name for path in Path().rglob("*"))


def write_plants():
    """Write and return a table of three classes: text, gaps, groups, parts and weights."""
    rng = np.random.default_rng(1)
    kinds = rng.choice(["oak", "elm", "ash"], 60)
    height = rng.normal([{"oak": 1, "elm": 2, "ash": 3}[kind] for kind in kinds], 0.5)
    lines = ["height,leaf,colour,site,part,weight,kind"]
    for i, kind in enumerate(kinds):
        leaf = "" if i % 9 == 0 else f"{rng.normal():.3f}"
        part = "train" if i < 36 else "val" if i < 48 else "test"
        colour = ("red", "blue")[i % 2]
        lines.append(f"{height[i]:.3f},{leaf},{colour},s{i % 12},{part},{1 + i % 3},{kind}")
    return _written("plants.csv", lines)


def write_houses():
    """Write and return a table whose target is a number."""
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(60, 2))
    price = 300 + 50 * rows[:, 0] - 20 * rows[:, 1] + rng.normal(size=60)
    table = np.column_stack([rows, price])
    return _written(
        "houses.csv", ["size,age,price", *(",".join(map(repr, row)) for row in table.tolist())]
    )


def write_arrays():
    """Write and return the same kind of data as arrays."""
    rng = np.random.default_rng(3)
    inputs = rng.normal(size=(60, 3)).astype(np.float32)
    np.savez("arrays.npz", X=inputs, y=(inputs[:, 0] > 0).astype(int))
    return Path("arrays.npz")


def _written(name, lines):
    Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Path(name)
