"""CSV and TSV as text: decoded, unquoted, checked to be rectangular; no types yet."""

from __future__ import annotations

import csv
import io
import itertools
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.cells import MISSING
from overfit_cli.data.files import MAX_NAME, check_memory, max_columns, read_bytes
from overfit_cli.data.naming import shown, shown_path
from overfit_cli.errors import DataError

SEPARATORS = (",", ";", "\t", "|")
UNIT = "\x1f"
"""Separator of text that was unquoted: the control character made for it."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
SAID_SEPARATOR = re.compile(rb"\n*(sep=([,;\t|]))\n")
"""A first line that Excel writes and reads."""
FIRST_ROWS = 10
NO_VALUES = frozenset(text.encode() for text in MISSING)
BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True)
class Text:
    """A rectangular text table: `body` has one line a row, cells split by `separator`, no quotes.

    names: the first line's cells; one without a name is called after its position, `column_3`.
    lines (N,): the line of the file, from 1, on which each row starts. decimal: the character that
    may stand for the decimal point.
    """

    names: tuple[str, ...]
    body: bytes
    separator: str
    lines: NDArray[np.int64]
    decimal: str

    def first_rows(self) -> list[tuple[str, ...]]:
        """Return the cells of the first few rows."""
        rows = self.body.split(b"\n", FIRST_ROWS)[: min(FIRST_ROWS, len(self.lines))]
        cells = (row.decode().split(self.separator) for row in rows)
        return [tuple(cell.strip() for cell in row) for row in cells]

    def sparse_last(self) -> int | None:
        """Return how many cells are filled in the last row, if it alone lacks more than half."""
        last = self._filled(self.body[self.body.rfind(b"\n", 0, -1) + 1 :])
        if 2 * last >= len(self.names):
            return None
        above = itertools.islice(io.BytesIO(self.body), len(self.lines) - 1)
        return None if any(self._filled(row) <= last for row in above) else last

    def _filled(self, row: bytes) -> int:
        cells = row.split(self.separator.encode())
        return sum(cell.strip() not in NO_VALUES for cell in cells)


def read_text(path: str) -> Text:
    """Read a CSV or TSV file, gzipped or not; `,` `;` tab or `|` is told from the first line.

    UTF-8 with or without byte-order mark; LF, CRLF or CR; RFC 4180 quotes (cells with separators,
    doubled quotes or line breaks, which count as spaces); empty lines are skipped, and Excel's
    first line `sep=;` is obeyed.

    Raises:
        DataError: not text, not rectangular, no rows, too large; names line and columns.
    """
    raw, path = read_bytes(path), shown_path(path)
    content = _normalised(raw, path)
    del raw
    said = SAID_SEPARATOR.match(content)
    if said:  # its line stays, empty, so that lines keep their numbers
        content = content[: said.start(1)] + content[said.end(1) :]
    first = content.lstrip(b"\n").partition(b"\n")[0].decode()
    separator = said[2].decode() if said else _separator(first)
    decimal = "," if separator == ";" else "."
    if b'"' in content:
        header, body, lines = _unquoted(content, separator, path)
        separator = UNIT
    else:
        header, body, lines = _plain(content, separator, path)
    names = _names(header, path)
    if not len(lines):
        raise DataError(f"{path}: there is a header but no row below it.")
    return Text(names, body, separator, lines, decimal)


def _normalised(content: bytes, path: str) -> bytes:
    """Return UTF-8 bytes without byte-order mark whose lines end with one line feed."""
    if content[:2] in BOMS:
        raise DataError(f"{path}: {BOMS[content[:2]]} text; save it as UTF-8.")
    for unwanted in (b"\0", UNIT.encode()):
        at = content.find(unwanted)
        if at >= 0:
            raise DataError(
                f"{path}, line {_line(content, at)}: the byte {unwanted.hex()} at offset {at} "
                "has no place in a text file."
            )
    try:
        content.isascii() or content.decode()
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}, line {_line(content, error.start)}: byte 0x{content[error.start]:02x} at "
            f"offset {error.start} is not UTF-8 (Latin-1?); save the file as UTF-8."
        ) from error
    content = content.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return content if content.endswith(b"\n") else content + b"\n"


def _line(content: bytes, offset: int) -> int:
    return content.count(b"\n", 0, offset) + 1


def _separator(first: str) -> str:
    """Return the commonest separator of the first line outside quotes; a comma if there is none."""
    outside = "".join(first.split('"')[::2])
    return max(SEPARATORS, key=outside.count)


def _plain(content: bytes, separator: str, path: str) -> tuple[tuple[str, ...], bytes, Any]:
    """Split off the header of text without quotes, and check every line's number of cells."""
    check_memory(2 * len(content) + 32 * content.count(b"\n"), path)
    comma = separator.encode()
    # Zero cells: an empty line.
    counts = (line.count(comma) + 1 if line != b"\n" else 0 for line in io.BytesIO(content))
    cells = np.fromiter(counts, np.int64)
    filled = np.flatnonzero(cells)
    if not len(filled):
        raise DataError(f"{path}: nothing but empty lines.")
    top, rows = int(filled[0]), filled[1:]
    width = int(cells[top])
    ragged = rows[cells[rows] != width]
    if len(ragged):
        raise _ragged(path, int(ragged[0]) + 1, int(cells[ragged[0]]), width)
    _check_size(len(content), len(rows), width, path)
    # Every line above the header is one line feed.
    header, _, body = content[top:].partition(b"\n")
    if len(filled) < len(cells):
        body = b"\n".join(line for line in body.split(b"\n") if line) + b"\n"
    return tuple(header.decode().split(separator)), body, rows + 1


def _unquoted(content: bytes, separator: str, path: str) -> tuple[tuple[str, ...], bytes, Any]:
    """Read text with quotes and write it without: cells split by UNIT, rows by line feeds."""
    stream = io.TextIOWrapper(io.BytesIO(content), "utf-8", newline="\n")
    reader = csv.reader(stream, delimiter=separator, strict=True, skipinitialspace=True)
    header: tuple[str, ...] = ()
    lines: list[int] = []
    body = io.BytesIO()
    line = 1
    try:
        for row in reader:
            if row and not header:
                header = tuple(row)
            elif row:
                if len(row) != len(header):
                    raise _ragged(path, line, len(row), len(header))
                lines.append(line)
                body.write(UNIT.join(row).replace("\n", " ").encode() + b"\n")
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}, line {line}: {error} (quotes must be closed).") from error
    _check_size(len(content), len(lines), len(header), path)
    return header, body.getvalue(), np.array(lines, np.int64)


def _ragged(path: str, line: int, found: int, expected: int) -> DataError:
    advice = "Put quotes around a cell that holds the separator."
    if expected == 1:
        advice = "Is the header further down? Delete what stands above the column names."
    return DataError(
        f"{path}, line {line}: {found} cells where the header has {expected}. {advice}"
    )


def _check_size(n_bytes: int, n_rows: int, n_columns: int, path: str) -> None:
    """Refuse a table too large: the text and its numbers are each held twice for a moment."""
    check_memory(2 * n_bytes + 16 * n_rows * n_columns, path)


def _names(header: tuple[str, ...], path: str) -> tuple[str, ...]:
    """Return the columns' names, or say why the first line cannot be a header."""
    if len(header) > max_columns():
        raise DataError(f"{path}, line 1: {len(header):,} columns; the limit is {max_columns():,}.")
    names = tuple(name.strip() or f"column_{column}" for column, name in enumerate(header, 1))
    for column, name in enumerate(names, 1):
        if len(name) > MAX_NAME:
            raise DataError(
                f"{path}, line 1, column {column}: the name {shown(name)} has {len(name):,} "
                f"characters; the limit is {MAX_NAME:,}."
            )
    if _looks_like_data(header):
        raise DataError(
            f"{path}, line 1: numbers ({shown(', '.join(header))}) where the column names should "
            "be. Add a first line with a name for each column."
        )
    check_distinct(names, f"{path}, line 1")
    return names


def _looks_like_data(header: tuple[str, ...]) -> bool:
    """Say whether half of the names are numbers, unless these are whole and rising (years)."""
    numbers = [float(name) for name in header if NUMBER.fullmatch(name.strip())]
    rising = all(a < b for a, b in itertools.pairwise(numbers))
    whole = all(number.is_integer() for number in numbers)
    return 2 * len(numbers) >= max(len(header), 1) and not (rising and whole)


def is_empty_or_number(cell: str) -> bool:
    """Say whether a cell cannot be a column's name."""
    return not cell or NUMBER.fullmatch(cell.replace(",", ".")) is not None


def check_distinct(names: tuple[str, ...], where: str) -> None:
    """Refuse a name that two columns share.

    Raises:
        DataError: names it and both positions.
    """
    seen: dict[str, int] = {}
    for column, name in enumerate(names, 1):
        if name in seen:
            raise DataError(
                f"{where}: columns {seen[name]} and {column} are both called {shown(name)}. "
                "Rename one of them."
            )
        seen[name] = column
