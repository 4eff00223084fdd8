"""Dates in any script and calendar, so that a sentence's day, month and year are those of one date.

A date is a set of readings (year, month, day), for 3/4/2023 may be in March or in April. Years keep their
calendar: 2566 is not taken for 2023, nor Reiwa 5 for a span of five years.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

Day = tuple[int | None, int | None, int | None]

# The months' names as beginnings, in their languages. Hijri months count from 101, Persian from 201.
_TABLE = json.loads((resources.files("everask.answer") / "months.json").read_text("utf-8"))
_FIRST = {"gregorian": 1, "hijri": 101, "persian": 201}
_NAMED = tuple(
    (number, re.compile(rf"(?<!\w)(?:{names})", re.IGNORECASE))
    for calendar, first in _FIRST.items()
    for number, names in enumerate(_TABLE[calendar], start=first)
)
# Names of months that are also common words: in a sentence they are months only beside a figure.
_DOUBTFUL = re.compile(
    r"(?:may|mars|mart|march|mai|maj|mei|mar|jan|jun|jul|dec|sep|oct|nov|maja|marca|august|ekim|ocak|nisan|май|صفر|رجب|شوال|تیر|مهر|دی)$",
    re.IGNORECASE,
)
_NAME = "|".join(f"(?:{names})" for calendar in _FIRST for names in _TABLE[calendar])
# Written short, many are words of their own ("sie", "pro"): months only between a day and a year.
_SHORT = {name: number for number, names in enumerate(_TABLE["short"], 1) for name in names.split("|")}
_SUFFIX = r"(?:st\b|nd\b|rd\b|th\b|er\b|º|ª|°|\.|-?го\b|-?е\b|η\b|ης\b)?"
_OF = r"(?:of|de|del|do|dos|di|d'|του|the|ב)?"
_YEAR_MARK = r"(?:de|del|of|,|พ\.ศ\.|ค\.ศ\.|năm|в|der|anul|пе)?"
# Spaces are counted and names begin behind no letter: nothing here may look at a long text more than once.
_GAP = r"\s{0,20}"
_DAY_MONTH = re.compile(
    rf"(?<![\d.,])(\d{{1,2}}){_SUFFIX}{_GAP}{_OF}{_GAP}(?<![^\W\d_])((?:{_NAME})\w{{0,12}})\.?"
    rf"(?:{_GAP}{_YEAR_MARK}{_GAP}(?<!\d)(\d{{4}})(?!\d))?",
    re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    rf"(?<!\w)((?:{_NAME})\w{{0,12}})\.?\s{{1,20}}(\d{{1,2}})(?:st\b|nd\b|rd\b|th\b)?(?![\d.,:]\d|\d)"
    rf"(?:{_GAP},?{_GAP}(\d{{4}})(?!\d))?",
    re.IGNORECASE,
)
_MONTH_YEAR = re.compile(
    rf"(?<!\w)((?:{_NAME})\w{{0,12}})\.?{_GAP}{_YEAR_MARK}{_GAP}(\d{{4}})(?!\d)", re.IGNORECASE
)
_DAY_SHORT_YEAR = re.compile(
    rf"(?<![\d.,])(\d{{1,2}})[.\s-]{{1,3}}({'|'.join(sorted(_SHORT, key=len, reverse=True))})(?!\w)"
    r"[.,\s-]{1,3}(\d{4})(?!\d)",
    re.IGNORECASE,
)
_ISO = re.compile(r"(?<![\d.])(\d{4})([-/.])\s?(\d{1,2})\2\s?(\d{1,2})(?!\d)")
NUMERIC = re.compile(r"(?<![\d.])(\d{1,2})([-/.])\s?(\d{1,2})\2\s?(\d{4}|\d{2})(?![\d.]\d|\d)")
"""A date in figures alone, year last: which of the first two is the day is not said."""
_MONTH_SLASH = re.compile(r"(?<![\d/])(\d{1,2})/(\d{4})(?![\d/])")
_CJK = re.compile(
    r"(?:(\d{4}|[〇零一二三四五六七八九]{4})\s?[年년]\s?)?(?:(\d{1,2}|[一二三四五六七八九十]{1,2})\s?[月월](?!份?间))"
    r"(?:\s?(\d{1,2}|[一二三四五六七八九十]{1,3})\s?[日号號일])?"
    r"|(\d{4}|[〇零一二三四五六七八九]{4})\s?[年년](?![间間])"
)
_ERA = re.compile(
    r"(令和|平成|昭和|大正|明治|民國|民国|佛历|佛暦)\s?(\d{1,4}|元)\s?年(?:\s?(\d{1,2})月)?(?:\s?(\d{1,2})日)?"
)
_VIETNAMESE = re.compile(
    r"(?:(?:ngày|mùng)\s{1,4}(\d{1,2})(?:\s{1,4}tháng\s{1,4}|/)|(?<!\d)(\d{1,2})\s{1,4}tháng\s{1,4})(\d{1,2})"
    r"(?:(?:,?\s{1,4}năm\s{1,4}|,?\s{1,4}|/)(\d{4})(?!\d))?"
    r"|tháng\s{1,4}(\d{1,2})(?:(?:,?\s{1,4}năm\s{1,4}|,?\s{1,4}|/)(\d{4})(?!\d))?"
)
_FIGURE = re.compile(r"\d|[〇零一二三四五六七八九十元]")
_ERAS = {"令和": 1, "平成": 2, "昭和": 3, "大正": 4, "明治": 5, "民國": 6, "民国": 6, "佛历": 7, "佛暦": 7}
_ERA_STEP = 10_000
_SINCE_BUDDHA = 543
_BUDDHIST_YEARS = range(2400, 2744)
"""A year of four figures that is one of these is counted from the Buddha, as in Thai."""
# The year before each era's first, by the numbers of _ERAS.
_BEFORE_ERA = {1: 2018, 2: 1988, 3: 1925, 4: 1911, 5: 1867, 6: 1911, 7: -_SINCE_BUDDHA}
_MONTH_FIRST = ("en", "und")


@dataclass(frozen=True, slots=True)
class Date:
    """A date's place in the text and its readings; what it does not say is None."""

    start: int
    end: int
    readings: frozenset[Day]


def read_dates(text: str, language: str) -> list[Date]:
    """The dates of a text; of overlapping ones the longest."""
    if not _FIGURE.search(text):
        return []
    found = sorted(_find(text, language), key=lambda one: (one.start - one.end, one.start))
    kept: list[Date] = []
    for one in found:
        if all(one.end <= other.start or one.start >= other.end for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)


def months_in(text: str, *, sure: bool = False) -> set[int]:
    """The months that a text names; `sure` leaves out names that are words of their own."""
    found = set()
    for number, names in _NAMED:
        for match in names.finditer(text):
            word = re.match(r"\w+", text[match.start() :])
            if not sure or word is None or not _DOUBTFUL.match(word.group()):
                found.add(number)
    return found


def month_number(name: str) -> int | None:
    """The number of the month that a word names, if any."""
    return next((number for number, names in _NAMED if names.match(name)), None)


def agrees(said: Date, known: Date) -> bool:
    """Whether everything that `said` says, a date of the quote says as well."""
    return any(
        all(part is None or part == other for part, other in zip(one, day, strict=True))
        for one in said.readings
        for day in known.readings
    )


def common_year(year: int) -> int:
    """The year of a reading as most of the world counts: Reiwa 6 and 2567 since the Buddha are 2024."""
    era, in_era = divmod(year, _ERA_STEP)
    if era:
        return _BEFORE_ERA[era] + in_era
    return year - _SINCE_BUDDHA if year in _BUDDHIST_YEARS else year


def _find(text: str, language: str) -> Iterator[Date]:
    for match in _DAY_MONTH.finditer(text):
        yield from _one(match, match[3], month_number(match[2]), match[1])
    for match in _MONTH_DAY.finditer(text):
        yield from _one(match, match[3], month_number(match[1]), match[2])
    for match in _MONTH_YEAR.finditer(text):
        yield from _one(match, match[2], month_number(match[1]), None)
    for match in _DAY_SHORT_YEAR.finditer(text):
        yield from _one(match, match[3], _SHORT[match[2].lower()], match[1])
    for match in _ISO.finditer(text):
        yield from _one(match, match[1], int(match[3]), match[4])
    for match in NUMERIC.finditer(text):
        yield from _numeric(match, language)
    for match in _MONTH_SLASH.finditer(text):
        yield from _one(match, match[2], int(match[1]), None)
    for match in _CJK.finditer(text):
        yield from _one(match, match[1] or match[4], _small(match[2]), match[3])
    for match in _VIETNAMESE.finditer(text):
        yield from _one(match, match[4] or match[6], _small(match[3] or match[5]), match[1] or match[2])
    for match in _ERA.finditer(text):
        year = _ERAS[match[1]] * _ERA_STEP + (1 if match[2] == "元" else int(match[2]))
        yield Date(*match.span(), frozenset({(year, _small(match[3]), _small(match[4]))}))


def _one(match: re.Match[str], year: str | None, month: int | None, day: str | None) -> Iterator[Date]:
    number = _small(day)
    if (month is not None and not 1 <= month % 100 <= 12) or (number is not None and not 1 <= number <= 31):
        return
    yield Date(*match.span(), frozenset({(_small(year), month, number)}))


def _numeric(match: re.Match[str], language: str) -> Iterator[Date]:
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    years = (year,) if len(match[4]) == 4 else (1900 + year, 2000 + year)
    pairs = {(second, first)}
    if second > 12 or (match[2] == "/" and language in _MONTH_FIRST):
        pairs.add((first, second))
    readings = {
        (one, month, day) for one in years for month, day in pairs if 1 <= month <= 12 and 1 <= day <= 31
    }
    if readings:
        yield Date(*match.span(), frozenset(readings))


_DIGITS = {one: at for at, one in enumerate("零一二三四五六七八九")} | {"〇": 0}


def _small(figure: str | None) -> int | None:
    """A day, month or year in digits or Chinese numerals; 0, which is none of them, for nonsense ("十十")."""
    if figure is None:
        return None
    if figure.isdigit():
        return int(figure)
    if "十" in figure:
        tens, _, ones = figure.partition("十")
        known = {"", *_DIGITS}
        if tens not in known or ones not in known:
            return 0
        return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)
    return int("".join(str(_DIGITS[one]) for one in figure))
