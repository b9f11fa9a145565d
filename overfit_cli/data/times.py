"""A time column: when each row was taken, so that later rows can be predicted from earlier ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from overfit_cli.data.cells import Cells
from overfit_cli.data.dataset import Floats, Ints
from overfit_cli.data.naming import shown
from overfit_cli.data.target import Where, refuse_rows
from overfit_cli.errors import DataError

if TYPE_CHECKING:
    import polars as pl

DATE = r"^(\d+[-/.]\d{1,2}(?:[-/.]\d+)?)(?:$|[T ])"
CLOCK = (
    r"[T ]\s*(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2}(?:\.\d+)?))?"
    r"\s*(?<half>[AaPp])?[Mm]?\s*(?:[Zz]|(?<zone>[+-]\d{2}):?(?<shift>\d{2}))?$"
)
"""A time of day behind a date, perhaps of twelve hours, perhaps with its distance from UTC."""

LONG, SHORT = r"\d+-\d+-\d{4}", r"\d+-\d+-\d{2}"
FORMS = (
    ("%Y-%m-%d", r"\d{4}-\d+-\d+"),
    ("%d-%m-%Y", LONG),
    ("%d-%m-%y", SHORT),
    ("%m-%d-%Y", LONG),
    ("%m-%d-%y", SHORT),
)
"""Dates, and what they look like: a year of four digits is not to be read from two."""

DAY = 86_400.0
ADVICE = "Allowed: dates (best as 2024-12-31), dates with a time of day, or numbers."


def ranks(cells: Cells, name: str, where: Where) -> Ints:
    """Return (N,) how many different moments of a time column come before each row's own.

    Raises:
        DataError: a cell that is missing or no moment, named by line; dates that may be read day
            first or month first.
    """
    refuse_rows(cells.missing, f"no value in the time column {shown(name)}", where, ADVICE)
    moments = cells.numbers if cells.text is None else _seconds(cells.text, name, where)
    return np.asarray(np.unique(moments, return_inverse=True)[1])


def _seconds(text: pl.Series, name: str, where: Where) -> Floats:
    """Return (N,) seconds between a fixed day and the moments that `text` writes."""
    days, clock = _days(text.str.extract(DATE, 1), text, name), _clock(text)
    seconds = days * DAY + clock
    wrong = np.flatnonzero(np.isnan(seconds))
    what = f"no date, time or number in the time column {shown(name)}"
    refuse_rows(
        wrong, f"{shown(text[int(wrong[0])])} is {what}" if len(wrong) else "", where, ADVICE
    )
    return seconds


def _days(dates: pl.Series, text: pl.Series, name: str) -> Floats:
    """Return (N,) days, NaN where a date is none, by the form that most of the dates have.

    Dots stand behind days, as in 31.12.2024.
    """
    plain = dates.str.replace_all("[/.]", "-").str.replace(r"^(\d{4}-\d{1,2})$", "${1}-1")
    forms = FORMS[:3] if dates.str.contains(".", literal=True).any() else FORMS
    found = [_parsed(plain, *form) for form in forms]
    filled = [np.count_nonzero(~np.isnan(days)) for days in found]
    best, *others = (days for days, n in zip(found, filled, strict=True) if n == max(filled))
    if max(filled) and not all(np.array_equal(best, other, equal_nan=True) for other in others):
        raise DataError(
            f"time column {shown(name)}: dates such as {shown(text[0])} may be read day first or "
            "month first: write them as 2024-12-31."
        )
    return best


def _parsed(dates: pl.Series, form: str, pattern: str) -> Floats:
    import polars as pl

    written = dates.str.extract(f"^({pattern})$", 1)
    days = written.str.to_date(form, strict=False).cast(pl.Int32).cast(pl.Float64)
    return np.asarray(days.to_numpy())


def _clock(text: pl.Series) -> Floats:
    """Return (N,) seconds since midnight in UTC; 0 without a time of day, NaN if it is none."""
    import polars as pl

    parts = text.str.extract_groups(CLOCK).struct.unnest()
    hour, minute, second, zone, shift = (
        parts[part].cast(pl.Float64).fill_null(0.0).to_numpy()
        for part in ("hour", "minute", "second", "zone", "shift")
    )
    half = parts["half"].str.to_lowercase()
    hour = np.where(half.is_not_null().to_numpy(), hour % 12, hour)
    hour = hour + 12.0 * (half == "p").fill_null(False).to_numpy()
    away = zone * 60 + np.where(parts["zone"].str.starts_with("-").fill_null(False), -shift, shift)
    wrong = text.str.contains("[T :]").to_numpy() & parts["hour"].is_null().to_numpy()
    wrong |= (hour >= 24) | (minute >= 60) | (second >= 61)
    return np.where(wrong, np.nan, hour * 3600 + minute * 60 + second - away * 60)
