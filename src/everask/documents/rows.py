"""Rows of a sheet or CSV file into the draft: titles, headers and tables told apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from everask.documents.draft import Draft

_SAMPLE_ROWS = 50
_NUMBER = re.compile(r"[-+(]?[\d\s.,'\u00a0\u202f%€$£¥]*\d[\d\s.,'\u00a0\u202f%€$£¥)]*")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?")
_YEAR = re.compile(r"(1[89]|20)\d\d")
_MAX_NAME_CHARS = 120


def add_sheet(rows: Iterable[list[str]], draft: Draft) -> None:
    """Add a stream of rows; empty rows end a table, and each table finds its own header.

    Only a table's first rows are held in memory.
    """
    table = _Table(draft)
    for row in rows:
        cells = [" ".join(cell.split()) for cell in row]
        if any(cells):
            table.add(cells)
        else:
            table.end()
    table.end()


def looks_like_header(rows: Sequence[Sequence[str]]) -> bool:
    """Is the first row made of names, unlike the rows below it?"""
    if len(rows) < 2:
        return False
    names = [cell.strip() for cell in rows[0] if cell.strip()]
    if not names or any(_is_value(name) for name in names) or len(set(names)) < len(names):
        return False
    width = max(sum(1 for cell in row if cell) for row in rows[1:])
    return len(names) * 2 > width and max(len(name) for name in names) <= _MAX_NAME_CHARS


def _is_value(cell: str) -> bool:
    if _YEAR.fullmatch(cell):
        return False  # a year over a column is a name
    return bool(_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell))


class _Table:
    """One table: its first rows wait until there are enough to tell a header from values."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._waiting: list[list[str]] = []
        self._header: tuple[int, int] | None = None
        self._begun = False

    def add(self, cells: list[str]) -> None:
        if self._begun:
            self._put(cells)
            return
        self._waiting.append(cells)
        if len(self._waiting) >= _SAMPLE_ROWS:
            self._begin()

    def end(self) -> None:
        self._begin()
        self._draft.gap()
        self._begun, self._header = False, None

    def _begin(self) -> None:
        rows, self._waiting = self._waiting, []
        self._begun = True
        # A title above a table stands alone in its row.
        while len(rows) > 1 and _num_filled(rows[0]) == 1 and max(_num_filled(row) for row in rows) > 1:
            self._draft.add("text", next(cell for cell in rows.pop(0) if cell))
        if looks_like_header(rows):
            self._header = self._put(rows.pop(0))
        for row in rows:
            self._put(row)

    def _put(self, cells: list[str]) -> tuple[int, int]:
        return self._draft.add("table", " | ".join(cells), header=self._header, separator="\n")


def _num_filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell)
