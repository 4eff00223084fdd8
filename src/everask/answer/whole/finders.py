"""Finds typed things in a text: dates, amounts, e-mail and web addresses, telephone numbers, percentages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from everask.answer.whole.dates import Date, find_dates
from everask.answer.whole.figures import read_figures
from everask.answer.whole.lexicon import lexicon_lines
from everask.answer.whole.routing import Kind

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+(?<![.-])")
_URL = re.compile(
    r"(?:https?|ftp)://[^\s<>\"'»”）)\]]+|(?<![\w@.])www\.[\w-]+(?:\.[\w-]+)+(?:/[^\s<>\"')\]]*)?"
)
_PHONE = re.compile(
    r"(?<![\w.,/-])(?:\+\d{1,3}[\s./-]?)?(?:\(\d{1,5}\)[\s./-]?)?\d{2,5}(?:[\s./-]\d{2,8}){1,5}(?![\w/-]|[.,]\d)"
)
_PHONE_CUE = re.compile(
    r"tel|phone|fon|fax|mobil|cell|☎|📞|тел|电话|電話|전화|โทร|هاتف|फ़ोन|điện thoại", re.IGNORECASE
)
_DIGITS = re.compile(r"\d[\d.,'’ \u00a0\u202f٫٬]*")
# Lengths are bounded: a page of figures must not be read once for each of them.
_PLAIN_FIGURE = r"\d{1,15}(?:[.,٫]\d{1,15}){0,4}"
_MIN_PHONE_DIGITS, _MAX_PHONE_DIGITS = 7, 15

Value = Date | Decimal | str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found: its span, and its value, by which equal things are known and sorted."""

    start: int
    end: int
    value: Value


def find_kind(text: str, kind: Kind, language: str) -> list[Finding]:
    """All things of a kind in a text, in order. A deadline is a date beside a word that makes it one."""
    if kind == "date":
        return [Finding(*one) for one in find_dates(text, language)]
    if kind == "deadline":
        return [Finding(*one) for one in find_dates(text, language) if _due().search(text)]
    return list(_FINDERS[kind](text, language))


def _emails(text: str, language: str) -> Iterator[Finding]:
    for match in _EMAIL.finditer(text):
        yield Finding(*match.span(), match.group().lower())


def _urls(text: str, language: str) -> Iterator[Finding]:
    for match in _URL.finditer(text):
        url = match.group().rstrip(".,;:!?。，；")
        yield Finding(match.start(), match.start() + len(url), url)


def _phones(text: str, language: str) -> Iterator[Finding]:
    """Groups of digits that are dialled: with a country's code, or after a word for a telephone."""
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        before = text[max(0, match.start() - 25) : match.start()]
        called = match.group().startswith(("+", "(")) or _PHONE_CUE.search(before)
        if called and _MIN_PHONE_DIGITS <= len(digits) <= _MAX_PHONE_DIGITS:
            yield Finding(*match.span(), digits)


def _percentages(text: str, language: str) -> Iterator[Finding]:
    for match in _percent().finditer(text):
        yield Finding(*match.span(), _figure(match.group(), language))


def _amounts(text: str, language: str) -> Iterator[Finding]:
    for match in _amount().finditer(text):
        end = match.start() + len(match.group().rstrip(" .,'’"))
        yield Finding(match.start(), end, " ".join(text[match.start() : end].split()))


def _figure(text: str, language: str) -> Value:
    digits = _DIGITS.search(text)
    read = read_figures([digits.group().strip()], language) if digits else None
    if read is None or read.values[0] is None:
        return text
    return -read.values[0] if text.startswith(("-", "−")) else read.values[0]


@cache
def _percent() -> re.Pattern[str]:
    signs = "|".join(lexicon_lines("percent"))
    return re.compile(rf"(?<![\d.,])[-−+]?{_PLAIN_FIGURE}\s?(?:{signs})", re.IGNORECASE)


@cache
def _amount() -> re.Pattern[str]:
    signs, names, sizes = ("|".join(lexicon_lines(one)) for one in ("signs", "money", "sizes"))
    figure = rf"(?<!\d)\d[\d.,'’ \u00a0\u202f٫٬]{{0,24}}(?:\s?(?:{sizes})\.?)?"
    sign, name = f"(?:{signs})", f"(?:{names})"
    return re.compile(
        rf"{sign}\s?{figure}(?<=[\w.])|{figure}\s?{sign}|{figure}\s?{name}(?![^\W\d_])", re.IGNORECASE
    )


@cache
def _due() -> re.Pattern[str]:
    return re.compile("|".join(lexicon_lines("due")), re.IGNORECASE)


_FINDERS = {"email": _emails, "url": _urls, "phone": _phones, "percentage": _percentages, "amount": _amounts}
