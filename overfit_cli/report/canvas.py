"""A grid of terminal cells to draw lines on: braille dots, or plain characters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Unicode's braille dots, by column and row within a cell."""

PLAIN = ".*o+"
PERIOD = 4
"""A dotted line shows one dot of so many."""


class Canvas:
    """Lines in the unit square on `width` x `height` cells, numbered; the higher one is on top."""

    def __init__(self, width: int, height: int, braille: bool) -> None:
        self._width, self._height, self._braille = width, height, braille
        self._dots: dict[tuple[int, int], int] = {}
        self._owner: dict[tuple[int, int], int] = {}

    def line(self, index: int, points: Sequence[tuple[float, float]], dotted: bool) -> None:
        """Draw line `index` through `points` (x, y), y upwards; it breaks where not finite."""
        period = PERIOD if dotted and self._braille else 1
        for step, (column, row) in enumerate(self._path(points)):
            if step % period == 0:
                self._dot(index, column, row)

    def rows(self) -> Iterable[list[tuple[str, int | None]]]:
        """Yield each row, top first, as (character, index of its line or None)."""
        for row in range(self._height):
            yield [self._cell(column, row) for column in range(self._width)]

    def _path(self, points: Sequence[tuple[float, float]]) -> Iterable[tuple[int, int]]:
        wide, high = (2, 4) if self._braille else (1, 1)
        across, down = self._width * wide - 1, self._height * high - 1
        before: tuple[float, float] | None = None
        for x, y in points:
            if not (math.isfinite(x) and math.isfinite(y)):
                before = None
                continue
            here = (x * across, (1 - y) * down)
            yield from _between(before or here, here)
            before = here

    def _dot(self, index: int, column: int, row: int) -> None:
        wide, high = (2, 4) if self._braille else (1, 1)
        cell = (column // wide, row // high)
        self._dots[cell] = self._dots.get(cell, 0) | BITS[column % wide][row % high]
        self._owner[cell] = index

    def _cell(self, column: int, row: int) -> tuple[str, int | None]:
        cell = (column, row)
        if cell not in self._dots:
            return " ", None
        index = self._owner[cell]
        return (chr(0x2800 + self._dots[cell]) if self._braille else PLAIN[index]), index


def _between(start: tuple[float, float], end: tuple[float, float]) -> Iterable[tuple[int, int]]:
    """Yield the dots after `start` up to `end`; the one dot if they are the same."""
    steps = max(1, math.ceil(max(abs(end[0] - start[0]), abs(end[1] - start[1]))))
    for step in range(1, steps + 1):
        share = step / steps
        yield (
            round(start[0] + share * (end[0] - start[0])),
            round(start[1] + share * (end[1] - start[1])),
        )
