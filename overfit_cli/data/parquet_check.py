"""What a Parquet file declares, checked against what is there before Polars is given it.

Polars allocates what page headers declare; a negative or huge count there ends the process, which
no exception handler can catch.
"""

from __future__ import annotations

from collections.abc import Iterator

from overfit_cli.data.files import check_memory
from overfit_cli.data.thrift import CompactReader, Fields, Malformed
from overfit_cli.errors import DataError

MAGIC = b"PAR1"
TAIL = 8

# Field numbers of parquet.thrift.
ROW_COUNT, ROW_GROUPS = 3, 4
GROUP_COLUMNS, GROUP_ROWS = 1, 3
CHUNK_META = 3
VALUES, UNCOMPRESSED, COMPRESSED, DATA_AT, DICTIONARY_AT = 5, 6, 7, 9, 11
PAGE_UNCOMPRESSED, PAGE_COMPRESSED, PAGE_DATA, PAGE_DICTIONARY, PAGE_DATA_2 = 2, 3, 5, 7, 8
BYTES_PER_VALUE = 32


def check_parquet(content: bytes, path: str) -> None:
    """Check magic, footer, row groups and every page header for sizes that fit.

    Raises:
        DataError: not Parquet, cut short, counts that contradict each other, or too large.
    """
    if len(content) < 3 * len(MAGIC) or content[-4:] != MAGIC or content[:4] != MAGIC:
        raise DataError(f"{path}: not a Parquet file, or cut short (no PAR1 at both ends).")
    footer_at = len(content) - TAIL - int.from_bytes(content[-TAIL:-4], "little")
    try:
        if footer_at < len(MAGIC):
            raise Malformed("the footer is longer than the file")
        footer = CompactReader(content[:-TAIL], footer_at).read_struct()
        n_bytes = sum(_group(content, footer_at, group) for group in footer[ROW_GROUPS])
        rows = sum(group[GROUP_ROWS] for group in footer[ROW_GROUPS])
        _demand(rows == footer[ROW_COUNT], f"{footer[ROW_COUNT]} rows declared, {rows} in groups")
    except (Malformed, KeyError, TypeError, IndexError, AttributeError) as error:
        raise DataError(f"{path}: damaged Parquet file ({error}).") from error
    check_memory(n_bytes, path)


def _group(content: bytes, footer_at: int, group: Fields) -> int:
    """Check one row group; return the bytes needed to hold it."""
    rows = group[GROUP_ROWS]
    _demand(rows >= 0, "a negative number of rows")
    chunks = [chunk[CHUNK_META] for chunk in group[GROUP_COLUMNS]]
    return sum(_chunk(content, footer_at, chunk, rows) for chunk in chunks)


def _chunk(content: bytes, footer_at: int, chunk: Fields, rows: int) -> int:
    """Check one column chunk page by page; return the bytes needed to hold it."""
    start = min(chunk[DATA_AT], chunk.get(DICTIONARY_AT) or chunk[DATA_AT])
    end = start + chunk[COMPRESSED]
    _demand(len(MAGIC) <= start <= end <= footer_at, "a column outside the file")
    n_values = n_bytes = 0
    for page in _pages(content, start, end):
        n_bytes += page[PAGE_UNCOMPRESSED]
        data = page.get(PAGE_DATA) or page.get(PAGE_DATA_2)
        counts = data or page.get(PAGE_DICTIONARY) or {1: 0}
        numbers = [count for count in counts.values() if isinstance(count, int)]
        _demand(min(numbers, default=0) >= 0, "a page with a negative count")
        _demand(bool(data) or counts[1] <= 8 * page[PAGE_UNCOMPRESSED], "a dictionary too large")
        n_values += data[1] if data else 0
    _demand(n_values == chunk[VALUES], f"{chunk[VALUES]} values declared, {n_values} in pages")
    _demand(n_values >= rows, f"{n_values} values for {rows} rows")
    return n_bytes + BYTES_PER_VALUE * n_values


def _pages(content: bytes, start: int, end: int) -> Iterator[Fields]:
    """Yield the page headers between two offsets, sizes checked."""
    reader = CompactReader(content, start)
    while reader.at < end:
        page = reader.read_struct()
        sizes = page[PAGE_UNCOMPRESSED], page[PAGE_COMPRESSED]
        _demand(min(sizes) >= 0 and sizes[1] <= end - reader.at, "a page outside its column")
        reader.at += sizes[1]
        yield page


def _demand(holds: bool, what: str) -> None:
    if not holds:
        raise Malformed(what)
