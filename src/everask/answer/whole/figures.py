"""The figures of a table's column, read by one rule for the whole column. Decimal; never a float.

"1,234" is read as the rest of the column shows: 1,234.50 beside it makes the comma part thousands,
1,2 beside it makes it the decimal sign. Where nothing tells, the language's custom does, or nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from everask.answer.separators import COMMA_DECIMAL, POINT_DECIMAL

_CURRENCIES = "$€£¥₹₽₩₺₫฿₴"
_CODES = r"USD|EUR|GBP|JPY|CHF|CNY|RUB|INR|BRL|PLN|RMB|US\$"
_MOST_DIGITS = 24
_MISSING = re.compile(r"[-–—.…*]*|n\.?\s?/?\s?a\.?|null|none|nil|nan|tba|tbd|unknown", re.IGNORECASE)
_FIGURE = re.compile(
    rf"(?P<sign>[-−–+(]?)\s*(?P<before>(?:{_CODES})|[{_CURRENCIES}])?\s*(?P<inner>[-−]?)"
    r"(?P<digits>\d[\d.,'’ \u00a0\u202f٫٬]*|[.,]\d+)\s*(?P<close>\)?)"
    rf"\s*(?P<unit>%|[{_CURRENCIES}]|(?:{_CODES})|[^\W\d_][^\W\d_./²³]{{0,11}}[²³]?)?\s*(?P<close2>\)?)"
    r"(?:\s*(?:\[[^\]]{1,6}\]|\(\w\)|[*†‡]+))*"
)


@dataclass(frozen=True, slots=True)
class Figures:
    """A column's figures by row, None where there is none; `unit` is what stands with all of them."""

    values: tuple[Decimal | None, ...]
    unit: str = ""
    mixed: tuple[str, ...] = ()
    unread: int = 0

    @property
    def count(self) -> int:
        """How many cells hold a figure."""
        return sum(value is not None for value in self.values)


def read_figures(
    cells: Sequence[str], language: str, *, as_written: str = "", enough: float = 0.8
) -> Figures | None:
    """The column's figures, or None where it is no column of figures or its signs stay ambiguous.

    `as_written` is "." for files that always write it so (spreadsheets, JSON); `enough` is the share of the
    cells that must be figures.
    """
    found = [_match(cell) for cell in cells]
    filled = [number for number, cell in enumerate(cells) if not is_missing(cell)]
    figures = [number for number in filled if found[number]]
    if not figures or len(figures) < enough * len(filled):
        return None
    written = [match.group("digits").strip() for number in figures if (match := found[number])]
    point = decimal_sign(written, language, as_written)
    if point is None:
        return None
    values: list[Decimal | None] = [None] * len(cells)
    units: dict[str, None] = {}
    for number in figures:
        match = found[number]
        assert match is not None
        values[number] = _value(match, point)
        units[match.group("before") or match.group("unit") or ""] = None
    named = [unit for unit in units if unit]
    unit = named[0] if len(units) == 1 and named else ""
    missing_unit = len(named) == 1 and "" in units and named[0] in _CURRENCIES
    unit = named[0] if missing_unit else unit  # only the first row of an account has the sign
    mixed = tuple(units) if len(named) > 1 or (named and "" in units and not missing_unit) else ()
    return Figures(tuple(values), unit, mixed, len(filled) - len(figures))


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is nothing: empty, a dash, n/a."""
    return bool(_MISSING.fullmatch(cell.strip()))


def decimal_sign(written: Sequence[str], language: str, as_written: str = "") -> str | None:
    """Which of "." and "," is the decimal sign of these figures; None where nothing tells."""
    plain = ["".join(_ascii(one) for one in figure) for figure in written]
    signs = {sign for figure in plain for sign in figure if sign in ".,"}
    if not signs:
        return "."
    votes = {vote for figure in plain if (vote := _shown_sign(figure))}
    if len(votes) == 1:
        return votes.pop()
    if votes:
        return None  # the column contradicts itself
    if as_written:
        return as_written
    if language in COMMA_DECIMAL:
        return ","
    return "." if language in POINT_DECIMAL else None


def _shown_sign(figure: str) -> str:
    """The decimal sign that one figure gives away, or "" where it can be read both ways."""
    points, commas = figure.count("."), figure.count(",")
    if points and commas:
        return "." if figure.rindex(".") > figure.rindex(",") else ","
    sign = "." if points else "," if commas else ""
    if not sign:
        return ""
    other = "," if sign == "." else "."
    if figure.count(sign) > 1:
        return other
    head, tail = figure.split(sign)
    if len(tail) == 3 and 1 <= len(head) <= 3 and head != "0":
        return ""
    return sign


def _match(cell: str) -> re.Match[str] | None:
    """A cell that is a figure. What has more digits is a number of something, and no sum would be exact."""
    match = _FIGURE.fullmatch(_plain(cell))
    return match if match and sum(one.isdigit() for one in match["digits"]) <= _MOST_DIGITS else None


def _value(match: re.Match[str], point: str) -> Decimal | None:
    digits = "".join(_ascii(one) for one in match.group("digits") if not one.isspace() and one not in "'’")
    thousands = "," if point == "." else "."
    digits = digits.replace(thousands, "").replace(point, ".")
    try:
        value = Decimal(digits)
    except InvalidOperation:
        return None
    closed = match.group("close") or match.group("close2")
    negative = match.group("sign") in ("-", "−", "–") or match.group("inner")
    return -value if negative or (match.group("sign") == "(" and closed) else value


def _plain(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell).strip().replace("US$", "$")


def _ascii(character: str) -> str:
    if character == "٫":
        return "."
    if character == "٬":
        return ","
    return str(unicodedata.digit(character)) if character.isdigit() else character
