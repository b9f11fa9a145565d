"""Tables of numbers that fit: columns are left out or stacked, numbers are never cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from overfit_cli.report.surface import Surface

GUTTER = 2


@dataclass(frozen=True)
class Column:
    """One column, every cell already text.

    optional: may be left out where there is no room, the highest first; 0 is never left out.
    group: columns that follow each other with the same group stay in one table. most: the
    widest a column of words may get before it folds.
    """

    header: Text
    cells: tuple[Text, ...]
    optional: int = 0
    group: str = ""
    align: Literal["left", "right"] = "right"
    most: int | None = None

    @property
    def width(self) -> int:
        """The cells it takes."""
        lines = [line for text in (self.header, *self.cells) for line in text.plain.split("\n")]
        natural = max(map(cell_len, lines))
        return natural if self.most is None else min(natural, self.most)


def fitted(key: Column, columns: Sequence[Column], surface: Surface) -> RenderableType:
    """Return one table, or several below each other that repeat `key`, no wider than surface."""
    kept = list(columns)
    while _width([key, *kept]) > surface.width and any(column.optional for column in kept):
        kept.remove(max(kept, key=lambda column: column.optional))
    first, *others = [_table([key, *part], surface) for part in _packed(key, kept, surface.width)]
    return Group(first, *(part for table in others for part in (Text(""), table)))


def _width(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + GUTTER * (len(columns) - 1)


def _packed(key: Column, columns: Sequence[Column], width: int) -> list[list[Column]]:
    packs: list[list[Column]] = [[]]
    for block in _blocks(columns):
        if packs[-1] and _width([key, *packs[-1], *block]) > width:
            packs.append([])
        packs[-1].extend(block)
    return packs


def _blocks(columns: Sequence[Column]) -> list[list[Column]]:
    blocks: list[list[Column]] = []
    for column in columns:
        if blocks and column.group and blocks[-1][0].group == column.group:
            blocks[-1].append(column)
        else:
            blocks.append([column])
    return blocks


def _table(columns: Sequence[Column], surface: Surface) -> Table:
    table = Table(box=surface.box, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(
            column.header,
            justify=column.align,
            no_wrap=column.most is None,
            max_width=column.most,
            overflow="fold",
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*row)
    return table
