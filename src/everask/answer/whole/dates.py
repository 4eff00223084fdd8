"""Dates as lists and columns need them: one day, month or year each, common era, with its place in the text.

What a text says is read by answer/dates.py. Where the day and month could change places, the rest of the
document tells, else its language's custom. What has no place in the common calendar is left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from everask.answer import dates

_FIRST_YEAR, _LAST_YEAR = 1000, 2200
_CENTURY_TURNS = 70
_LONGEST_CELL = 60
# "2. may decide", "it may 5 times": a verb, unless a year follows.
_MAY = re.compile(r"may\b|\d+\.\s*may\b", re.IGNORECASE)
_TIME = re.compile(r"[T ]?\d{1,2}:\d{2}(?::\d{2})?(?:\.\d{1,9})?Z?")


@dataclass(frozen=True, slots=True, order=True)
class Date:
    """A day, a month or (year 0) a day of any year; 0 stands for what is not said."""

    year: int
    month: int = 0
    day: int = 0

    def __str__(self) -> str:
        parts = (
            f"{self.year:04}" if self.year else "",
            *(f"{one:02}" for one in (self.month, self.day) if one),
        )
        return "-".join(part for part in parts if part)


def find_dates(text: str, language: str) -> list[tuple[int, int, Date]]:
    """The dates of a text with their spans, in order; none overlaps another."""
    plain = _narrow(text)
    read = dates.read_dates(plain, language)
    month_first = _month_first(plain, language)
    found: list[tuple[int, int, Date]] = []
    for one in read:
        date = _resolve(one, plain, month_first)
        if date is not None and not _is_part_of_number(one, plain, read):
            found.append((one.start, one.start + len(plain[one.start : one.end].rstrip(" .,")), date))
    return found


@lru_cache(maxsize=20_000)
def read_date(cell: str, language: str = "und") -> Date | None:
    """The date that a cell consists of, with or without a time; None where it is no date.

    Remembered, for the cells of a column are the same few days again and again.
    """
    plain = cell.strip()
    if len(plain) > _LONGEST_CELL:
        return None
    found = find_dates(plain, language)
    if len(found) != 1:
        return None
    start, end, date = found[0]
    rest = (plain[:start] + plain[end:]).strip(" ,.г")
    return date if not rest or _TIME.fullmatch(rest) else None


def _resolve(one: dates.Date, text: str, month_first: bool) -> Date | None:
    """The one day that is meant; None for a year alone, and for what is of another calendar."""
    written = text[one.start : one.end]
    if numeric := dates.NUMERIC.fullmatch(written):
        first, second = int(numeric[1]), int(numeric[3])
        swapped = second > 12 or (month_first and numeric[2] == "/" and first <= 12)
        day, month = (second, first) if swapped else (first, second)
        return _made(_full_year(int(numeric[4])), month, day)
    year, month_read, day_read = next(iter(one.readings))
    if month_read is None or (day_read is None and "/" in written):  # "3/2008": as like as not a law
        return None
    if year is None and _MAY.match(written):
        return None
    return _made(dates.common_year(year or 0), month_read, day_read or 0)


def _made(year: int, month: int, day: int) -> Date | None:
    fits = 1 <= month <= 12 and 0 <= day <= 31 and (year or day)
    return Date(year, month, day) if fits and (year == 0 or _FIRST_YEAR <= year <= _LAST_YEAR) else None


def _full_year(year: int) -> int:
    if year > 99:
        return dates.common_year(year)
    return year + (2000 if year < _CENTURY_TURNS else 1900)


def _is_part_of_number(one: dates.Date, text: str, others: Sequence[dates.Date]) -> bool:
    """Whether figures go on before or behind a date in figures, as in a telephone's number; a range of two
    dates is none."""
    if not dates.NUMERIC.fullmatch(text[one.start : one.end]):
        return False
    before, after = text[max(0, one.start - 2) : one.start], text[one.end : one.end + 2]
    goes_before = re.fullmatch(r"\d[,/-]", before) and all(other.end != one.start - 1 for other in others)
    goes_on = re.fullmatch(r"[.,/-]\d", after) and all(other.start != one.end + 1 for other in others)
    return bool(goes_before or goes_on)


def _month_first(text: str, language: str) -> bool:
    """Whether 03/04/2024 is the 4th of March: as other dates of the text show, else as in English."""
    for match in dates.NUMERIC.finditer(text):
        if match[2] == "/" and int(match[1]) > 12:
            return False
        if match[2] == "/" and int(match[3]) > 12:
            return True
    return language == "en"


def _narrow(text: str) -> str:
    """Wide characters as narrow ones, one for one: offsets stay."""
    if text.isascii():
        return text
    return "".join(wide if len(wide := unicodedata.normalize("NFKC", one)) == 1 else one for one in text)
