"""FeTaQA as a search suite: a question, and the table that answers it, in pieces as they are indexed.

A table's rows stand with each cell beside its header, a few rows a passage, below the page's title and the
section's; ingest does the same to a table of a document.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from everask.evaluate.files import read_lines
from everask.evaluate.suite import Item, Suite

_MOST_CHARACTERS = 700


def load_tables(folder: Path) -> Suite:
    """FeTaQA's development set. Questions are judged by table, see `Suite.judged`."""
    passages: dict[str, Item] = {}
    queries: dict[str, Item] = {}
    right: dict[str, dict[str, int]] = {}
    parts: dict[str, str] = {}
    for row in read_lines(folder / "p08_fetaqa" / "dev.jsonl"):
        table, page = str(row["table_source_json"]), str(row["table_page_title"])
        title = f"{page} › {row['table_section_title']}" if row["table_section_title"] else page
        for number, piece in enumerate(pieces_of(row["table_array"])):
            passages[f"{table}#{number}"] = Item(piece, "en", page, title)
            parts[f"{table}#{number}"] = table
        key = str(row["feta_id"])
        queries[key] = Item(row["question"], "en", page)
        right[key] = {table: 1}
    return Suite("tables", "Tables (FeTaQA)", passages, queries, right, parts)


def pieces_of(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Neighbouring rows as text, `Header: cell | Header: cell` a line; the first row is the header."""
    header = [_line(cell) for cell in rows[0]] if rows else []
    piece: list[str] = []
    for row in rows[1:] or rows:
        line = " | ".join(
            _cell(header, number, _line(cell)) for number, cell in enumerate(row) if _line(cell)
        )
        if piece and sum(map(len, piece)) + len(line) > _MOST_CHARACTERS:
            yield "\n".join(piece)
            piece = []
        if line:
            piece.append(line)
    if piece:
        yield "\n".join(piece)


def _cell(header: Sequence[str], number: int, cell: str) -> str:
    name = header[number] if number < len(header) else ""
    return f"{name}: {cell}" if name and name != cell else cell


def _line(text: str) -> str:
    return " ".join(text.split())
