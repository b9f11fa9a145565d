"""A table's files one below the other: the main one, then validation, then test rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.cells import Cells
from overfit_cli.data.dataset import FREE, TEST, VAL
from overfit_cli.data.files import check_memory
from overfit_cli.data.naming import listed, no_such, shown_path
from overfit_cli.data.table_file import open_table
from overfit_cli.data.target import Where
from overfit_cli.errors import DataError

if TYPE_CHECKING:
    import polars as pl


class JoinedFiles:
    """Reads as one table; columns are matched by name, in the main file's order.

    part (N,): FREE, VAL or TEST, by file. Rows count from 0 over all files.
    """

    def __init__(self, path: str, val: str | None, test: str | None) -> None:
        paths = {path: FREE, **({val: VAL} if val else {}), **({test: TEST} if test else {})}
        if len(paths) < 1 + bool(val) + bool(test):
            raise DataError(
                f"{shown_path(path)}: the same file is given for two parts of the data."
            )
        self._files = [open_table(each) for each in paths]
        counts = [file.n_rows for file in self._files]
        self.path = shown_path(path)
        self.names = self._files[0].names
        self.decimal = self._files[0].decimal
        self.n_rows = sum(counts)
        self.part = np.repeat(np.array(list(paths.values()), np.int8), counts)
        self._starts = np.concatenate(([0], np.cumsum(counts)))
        self.where = partial(_place, self._starts, [file.where for file in self._files])
        check_memory(16 * self.n_rows * len(self.names), self.path)

    @property
    def starts(self) -> tuple[int, ...]:
        """Return the first row of each file."""
        return tuple(self._starts[:-1].tolist())

    def require(self, names: Sequence[str]) -> None:
        """Refuse a further file without one of these columns.

        Raises:
            DataError: names the column and the nearest one there is.
        """
        for file in self._files[1:]:
            for name in names:
                if name not in file.names:
                    raise DataError(
                        f"{file.path}: a column is missing: " + no_such(name, file.names, "column")
                    )

    def notes(self) -> tuple[str, ...]:
        """Say what is strange about the files, and which further columns are of no use here."""
        notes = [note for file in self._files for note in file.notes()]
        for file in self._files[1:]:
            extra = [name for name in file.names if name not in self.names]
            if extra:
                notes.append(f"{file.path}: further columns not used: {listed(extra)}.")
        return tuple(notes)

    def header_hint(self, wanted: str | None) -> str:
        """Say which line may be the header if the first is none; wanted: a column looked for."""
        unnamed = sum(name == f"column_{place}" for place, name in enumerate(self.names, 1))
        found = self._files[0].header_below()
        if found is None or not (2 * unnamed >= len(self.names) or wanted in found[1]):
            return ""
        where, cells = found
        return f" Is the header further down? {where}: {listed(cells)}. Delete what stands above."

    def cells(self, names: Iterable[str]) -> dict[str, Cells]:
        """Read columns over all files; a column with words anywhere has its text everywhere."""
        names = list(names)
        parts = [file.cells(names) for file in self._files]
        return {name: self._join(name, [part.pop(name) for part in parts]) for name in names}

    def text(self, name: str) -> pl.Series:
        """Read one column as text, null where missing."""
        import polars as pl

        return pl.concat([file.text(name) for file in self._files])

    def raw(self, name: str) -> pl.Series:
        """Read one column as text, as it stands in the files."""
        import polars as pl

        return pl.concat([file.raw(name) for file in self._files])

    def _join(self, name: str, parts: list[Cells]) -> Cells:
        if len(parts) == 1:
            return parts[0]
        starts = self._starts[: len(parts)]
        words = np.concatenate([p.words + s for p, s in zip(parts, starts, strict=True)])
        numbers = np.concatenate([part.numbers for part in parts])
        if not len(words):
            return Cells(numbers, words)
        typed = np.repeat([name in file.typed for file in self._files], np.diff(self._starts))
        return Cells(numbers, words, self.text(name), typed)


def _place(starts: NDArray[np.int64], files: Sequence[Where], row: int) -> str:
    """Say in which file and line the row stands."""
    file = int(np.searchsorted(starts, row, side="right")) - 1
    return files[file](row - int(starts[file]))
