"""Dates as documents write them, in some twenty languages, with their spans: for lists and for columns.

A date without a year keeps that open; one whose day and month could change places is read as the rest of
the document shows, else by its language's custom. Thai years of the Buddhist era become common ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from everask.answer.whole.lexicon import lexicon_lines

_ISO = re.compile(r"(?<![\d.])(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?![\d-])")
_NUMERIC = re.compile(r"(?<![\d.,/-])(\d{1,2})([-/.])\s?(\d{1,2})\2\s?(\d{4}|\d{2})(?![\d/]|[.,-]\d)")
_CJK = re.compile(
    r"(?:(\d{4})\s?[年년]\s?)?(\d{1,2})\s?[月월]\s?(?:(\d{1,2})\s?[日号號일])|(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]"
)
_VIETNAMESE = re.compile(
    r"(?:ngày\s+)?(\d{1,2})\s+tháng\s+(\d{1,2})(?:[\s,]+(?:năm\s+)?(\d{4}))?|tháng\s+(\d{1,2})[\s,/]+(?:năm\s+)?(\d{4})"
)
_WORD = r"[^\W\d_][^\W\d_'’]*(?:[\u0900-\u0dff\u0e00-\u0e7f][^\W\d_\s]*)*"
_DAY_FIRST = re.compile(
    rf"(?<![\d.,])(\d{{1,2}})(?:er|st|nd|rd|th|º|°)?\.?\s*(?:de\s+|of\s+|di\s+|ב)?({_WORD})\.?"
    r"(?:,?\s*(?:de\s+|del\s+|of\s+|пе\s+|พ\.ศ\.\s*|ค\.ศ\.\s*)?(\d{4}))?(?!\d)"
)
_MONTH_FIRST = re.compile(rf"({_WORD})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(\d{{4}}))?(?![\d.:]\d)(?!\d)")
_MONTH_YEAR = re.compile(rf"({_WORD})\.?,?\s+(?:de\s+|del\s+|พ\.ศ\.\s*)?(\d{{4}})(?!\d)")
_NO_MONTHS = frozenset(
    ["market", "marketing", "martin", "mayor", "maybe", "marks", "marked", "margin", "decide", "march-past"]
)
_MOST_MONTH_LETTERS = 13
_BUDDHIST = 2400


@dataclass(frozen=True, slots=True, order=True)
class Date:
    """A day, a month or (year 0) a day of any year; 0 stands for what is not said."""

    year: int
    month: int = 0
    day: int = 0

    def __str__(self) -> str:
        parts = [
            f"{self.year:04}" if self.year else "-",
            *(f"{one:02}" for one in (self.month, self.day) if one),
        ]
        return "-".join(parts)


def find_dates(text: str, language: str) -> list[tuple[int, int, Date]]:
    """The dates of a text with their spans, in order; none overlaps another."""
    plain = _fold(text)
    found: list[tuple[int, int, Date]] = []
    taken = [False] * (len(plain) + 1)
    month_first = _month_first(plain, language)
    for start, end, date in _all(plain, language, month_first):
        if not any(taken[start:end]):
            taken[start:end] = [True] * (end - start)
            found.append((start, end, date))
    return sorted(found)


def read_date(cell: str, language: str = "und") -> Date | None:
    """The date that a cell consists of, with or without a time; None where it is no date."""
    plain = cell.strip()
    found = find_dates(plain, language)
    if len(found) != 1:
        return None
    start, end, date = found[0]
    rest = (plain[:start] + plain[end:]).strip(" ,.г")
    return date if not rest or re.fullmatch(r"[T ]?\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?Z?", rest) else None


def _all(text: str, language: str, month_first: bool) -> Iterator[tuple[int, int, Date]]:
    for match in _ISO.finditer(text):
        yield from _made(match, int(match[1]), int(match[3]), int(match[4]))
    for match in _NUMERIC.finditer(text):
        first, second = int(match[1]), int(match[3])
        swapped = second > 12 or (month_first and match[2] == "/" and first <= 12)
        day, month = (second, first) if swapped else (first, second)
        yield from _made(match, _year(match[4]), month, day)
    for match in _CJK.finditer(text):
        parts = (match[1], match[2], match[3]) if match[2] else (match[4], match[5], "0")
        yield from _made(match, *(int(part or 0) for part in parts))
    for match in _VIETNAMESE.finditer(text):
        parts = (match[3], match[2], match[1]) if match[2] else (match[5], match[4], "0")
        yield from _made(match, *(int(part or 0) for part in parts))
    for match in _DAY_FIRST.finditer(text):
        month = _month(match[2])
        if month and (match[2] != "may" or "." not in match.group().rstrip(".")):  # "2. may decide"
            yield from _made(match, _year(match[3]), month, int(match[1]))
    for match in _MONTH_FIRST.finditer(text):
        month = _month(match[1])
        if month and (match[3] or match[1] != "may"):  # "it may 5 times" is no date
            yield from _made(match, _year(match[3]), month, int(match[2]))
    for match in _MONTH_YEAR.finditer(text):
        if month := _month(match[1]):
            yield from _made(match, _year(match[2]), month, 0)


def _made(match: re.Match[str], year: int, month: int, day: int) -> Iterator[tuple[int, int, Date]]:
    year = year - 543 if year > _BUDDHIST else year
    if 1 <= month <= 12 and 0 <= day <= 31 and (year == 0 or 1000 <= year <= 2200) and (year or day):
        end = match.start() + len(match.group().rstrip(" .,"))
        yield match.start(), end, Date(year, month, day)


def _year(figure: str | None) -> int:
    if not figure:
        return 0
    year = int(figure)
    return year if year > 99 else year + (2000 if year < 70 else 1900)


def _month_first(text: str, language: str) -> bool:
    """Whether 03/04/2024 is the 4th of March: as other dates of the text show, else as in English."""
    for match in _NUMERIC.finditer(text):
        if match[2] == "/" and int(match[1]) > 12:
            return False
        if match[2] == "/" and int(match[3]) > 12:
            return True
    return language == "en"


def _month(word: str) -> int:
    return _months().get(word, 0)


@cache
def _months() -> dict[str, int]:
    return {name: number for number, line in enumerate(lexicon_lines("months"), 1) for name in line.split()}


def _fold(text: str) -> str:
    """Lower case and ASCII digits, character by character: offsets stay."""
    return "".join(_folded(one) for one in text)


@cache
def _folded(character: str) -> str:
    if character.isdigit():
        try:
            return (
                str(unicodedata.digit(character))
                if unicodedata.decimal(character, None) is not None
                else character
            )
        except ValueError:
            return character
    lower = character.lower()
    if len(lower) != 1:
        return character
    wide = unicodedata.normalize("NFKC", lower)
    return wide if len(wide) == 1 else lower
