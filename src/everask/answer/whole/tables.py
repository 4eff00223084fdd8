"""Tables of a document as rows of cells that know where they stand; headers found where readers saw none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from everask.documents.rows import looks_like_header
from everask.types import Block, Document

MAX_ROWS = 200_000
_BETWEEN_CELLS = re.compile(r" \|(?: |$)")
_PAIR = re.compile(r"\s*([^\s:：][^:：\n]{0,60}?)\s*[:：]\s*(.*\S)\s*")
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
_VALUE = re.compile(r"[-+(]?[^\w\s]{0,2}\s*\d[\d\s.,'\u00a0\u202f%€$£¥)]*")
_MAX_HEADER_DEPTH = 12
_MIN_RECORDS = 3
_MAX_KEYS = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells' texts by column, and its span in the document's text."""

    cells: tuple[str, ...]
    start: int
    end: int
    page: int | None = None

    def cell(self, column: int) -> str:
        """The text of a cell; empty where the row ends before it."""
        return self.cells[column] if column < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with names over its columns. `title` is the heading above it, `document` where it stands."""

    document: Document
    title: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]

    def column(self, number: int) -> list[str]:
        """All cells of a column."""
        return [row.cell(number) for row in self.rows]


def tables_of(document: Document) -> list[Table]:
    """The document's tables that have a header, in order; records of `key: value` lines count as one."""
    found: list[Table] = []
    heading = ""
    for kind, group in groupby(document.blocks, key=_kind):
        blocks = list(group)
        if kind == "heading":
            heading = document.text[blocks[-1].start : blocks[-1].end]
        elif kind == "table":
            found += [
                table for one in _runs(document, blocks) if (table := _with_header(document, heading, one))
            ]
        elif kind == "text" and (records := _records(document, heading, blocks)):
            found.append(records)
    return found


def _kind(block: Block) -> str:
    return block.kind


def _runs(document: Document, blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Neighbouring rows of one table: a blank line or another header parts them."""
    run: list[Block] = []
    for block in blocks:
        if run:
            apart = document.text[run[-1].end : block.start].count("\n") > 1
            mine = block.header in (run[-1].header, (run[-1].start, run[-1].end))
            if apart or not mine:
                yield run
                run = []
        run.append(block)
    if run:
        yield run


def _row(document: Document, block: Block) -> Row:
    text = document.text[block.start : block.end]
    cells = tuple(cell.strip() for cell in _BETWEEN_CELLS.split(text))
    return Row(cells, block.start, block.end, block.page)


def _with_header(document: Document, heading: str, blocks: Sequence[Block]) -> Table | None:
    rows = [_row(document, block) for block in blocks[:MAX_ROWS]]
    known = next((block.header for block in blocks if block.header), None)
    if known:
        names = tuple(cell.strip() for cell in _BETWEEN_CELLS.split(document.text[slice(*known)]))
        body = [row for row in rows if (row.start, row.end) != known]
    else:
        depth = _header_depth(rows)
        if depth is None:
            return None
        names, body = rows[depth].cells, rows[depth + 1 :]
    body = _without_notes(body)
    if not body or len(names) < 2 or len(body[0].cells) < 2:
        return None
    width = max(len(row.cells) for row in body)
    return Table(document, heading, (*names, *[""] * (width - len(names))), tuple(body))


def _header_depth(rows: Sequence[Row]) -> int | None:
    """The number of the row that names the columns, of which the widest rows begin right below."""
    width = max((_filled(row) for row in rows), default=0)
    if width < 2:
        return None
    for number, row in enumerate(rows[:_MAX_HEADER_DEPTH]):
        below = [one.cells for one in rows[number : number + 30] if _filled(one) * 2 > width]
        follows = number + 1 < len(rows) and _filled(rows[number + 1]) * 5 > _filled(row) * 3
        if follows and _filled(row) * 3 > width * 2 and looks_like_header(below) and below[0] == row.cells:
            return number
        if _is_named_by_years(row) and len(below) > 1:
            return number
        if sum(bool(_VALUE.fullmatch(cell)) and not _YEAR.fullmatch(cell) for cell in row.cells[1:]) > 0:
            return None  # values have begun
    return None


def _is_named_by_years(row: Row) -> bool:
    """A financial table's header: nothing or a word, then years."""
    names = [cell for cell in row.cells[1:] if cell]
    return len(names) >= 1 and all(_YEAR.fullmatch(name) for name in names) and len(set(names)) == len(names)


def _without_notes(rows: Sequence[Row]) -> list[Row]:
    """Rows without the notes that stand below or between them: a cell or two beside many empty ones."""
    typical = sorted(_filled(row) for row in rows)[len(rows) // 2] if rows else 0
    return [row for row in rows if typical < 3 or not _is_note(row, typical)]


def _is_note(row: Row, typical: int) -> bool:
    return _filled(row) < 2 or (not row.cells[0] and _filled(row) * 2 < typical)


def _filled(row: Row) -> int:
    return sum(1 for cell in row.cells if cell)


def _records(document: Document, heading: str, blocks: Sequence[Block]) -> Table | None:
    """Records one below the other, each some lines of `key: value`, as a table."""
    if len(blocks) < _MIN_RECORDS:
        return None
    records = [_pairs(document.text[block.start : block.end]) for block in blocks[:MAX_ROWS]]
    keys = list(dict.fromkeys(key for record in records for key in record))
    if sum(1 for one in records if one) < 0.9 * len(blocks) or not 2 <= len(keys) <= _MAX_KEYS:
        return None
    shared = sum(len(record) for record in records) / (len(records) * len(keys))
    if shared < 0.5:
        return None
    rows = [
        Row(tuple(record.get(key, "") for key in keys), block.start, block.end, block.page)
        for record, block in zip(records, blocks, strict=False)
        if record
    ]
    return Table(document, heading, tuple(keys), tuple(rows))


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _PAIR.fullmatch(line)
        if match is None:
            return {}
        found[match.group(1)] = match.group(2)
    return found
