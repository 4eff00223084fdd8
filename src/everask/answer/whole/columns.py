"""The columns of a table, each told what it holds: text, figures, years, dates, or yes and no."""

from __future__ import annotations

import re
from decimal import Decimal

from everask.answer.whole.dates import Date, read_date
from everask.answer.whole.figures import is_missing, read_figures
from everask.answer.whole.plans import Column
from everask.answer.whole.tables import Table

_POINT_WRITTEN = ("spreadsheet", "json", "opendocument")
_YES = frozenset(
    [
        "true",
        "yes",
        "y",
        "ja",
        "oui",
        "si",
        "sí",
        "sim",
        "tak",
        "da",
        "да",
        "так",
        "evet",
        "ναι",
        "có",
        "ya",
        "نعم",
        "हाँ",
        "ใช่",
        "是",
        "はい",
        "예",
        "✓",
        "✔",
        "x",
    ]
)
_NO = frozenset(
    [
        "false",
        "no",
        "n",
        "nein",
        "non",
        "não",
        "nie",
        "nu",
        "нет",
        "ні",
        "hayır",
        "όχι",
        "không",
        "tidak",
        "لا",
        "नहीं",
        "ไม่",
        "否",
        "いいえ",
        "아니오",
        "✗",
        "✘",
    ]
)
_YEAR = re.compile(r"(?:1[5-9]|20|21)\d\d")
_ENOUGH = 0.8
NAMED_BY_YEAR = re.compile(r"\s*(?:FY\s?)?((?:1[5-9]|20|21)\d\d)(?!\d)")


def columns_of(table: Table) -> list[Column]:
    """What each column of the table holds."""
    media_type, language = table.document.media_type, table.document.language
    as_written = "." if any(one in media_type for one in _POINT_WRITTEN) else ""
    wide = sum(bool(NAMED_BY_YEAR.match(name)) for name in table.header) > 1
    return [
        _column(name, number, table.column(number), language, as_written)
        if not (wide and NAMED_BY_YEAR.match(name))
        else _measured(name, number, table.column(number), language, as_written)
        for number, name in enumerate(table.header)
    ]


def is_yes(cell: str) -> bool:
    """Whether a cell of a yes-or-no column says yes."""
    return cell.strip().casefold() in _YES


def _measured(name: str, number: int, cells: list[str], language: str, as_written: str) -> Column:
    """A column that is named by a year beside others: each row has its own measure and unit."""
    figures = read_figures(cells, language, as_written=as_written, enough=0.2)
    if figures is None:
        return Column(number, name, "text")
    return Column(number, name, "figures", figures.values)


def _column(name: str, number: int, cells: list[str], language: str, as_written: str) -> Column:
    filled = [cell for cell in cells if not is_missing(cell)]
    if not filled:
        return Column(number, name, "text")
    if all(cell.strip().casefold() in _YES | _NO for cell in filled):
        return Column(number, name, "yesno")
    if all(_YEAR.fullmatch(cell.strip()) for cell in filled):
        years = tuple(Decimal(cell) if _YEAR.fullmatch(cell.strip()) else None for cell in cells)
        return Column(number, name, "years", figures=years)
    if _dated(filled, language):
        dates = tuple(read_date(cell, language) for cell in cells)
        return Column(number, name, "dates", dates=dates)
    figures = read_figures(cells, language, as_written=as_written)
    if figures is None or figures.unread:
        return Column(number, name, "text")
    return Column(number, name, "figures", figures.values, unit=figures.unit, mixed=figures.mixed)


def _dated(cells: list[str], language: str) -> bool:
    """Whether the cells are days; a look at the first few spares reading a long column of text."""
    if not any(character.isdigit() for character in cells[0]):
        return False
    some: list[Date | None] = [read_date(cell, language) for cell in cells[:20]]
    return sum(date is not None and date.day > 0 for date in some) >= _ENOUGH * len(some)
