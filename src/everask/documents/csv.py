"""CSV and TSV: delimiter and header are found from the rows; cells stand as written."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator

from everask.documents.decode import decode
from everask.documents.draft import Draft
from everask.documents.rows import add_sheet
from everask.errors import UnreadableError

# Of equals the first one wins: commas also stand inside numbers.
_DELIMITERS = "\t;|,"
_SAMPLE_CHARS = 64_000
_SAMPLE_ROWS = 50
_MAX_CELL_CHARS = 10_000_000


def parse_csv(data: bytes, draft: Draft) -> None:
    """One table; the delimiter is the one that splits most rows into equally many cells."""
    text, _ = decode(data)
    delimiter = find_delimiter(text)
    csv.field_size_limit(_MAX_CELL_CHARS)
    rows = (row for row in _read(text, delimiter) if any(cell.strip() for cell in row))
    try:
        add_sheet(rows, draft)
    except csv.Error as error:
        raise UnreadableError(f"broken CSV: {error}", "Export it again as CSV with quoted cells.") from error


def find_delimiter(text: str) -> str:
    """The delimiter whose rows agree best on a number of cells above one; a comma when none does."""
    sample = text[:_SAMPLE_CHARS]
    if text.startswith("sep=") and len(text) > 5:
        return text[4]
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        try:
            widths = [len(row) for row in _read(sample, delimiter) if row][:_SAMPLE_ROWS]
        except csv.Error:
            continue
        if not widths:
            continue
        width, count = Counter(widths).most_common(1)[0]
        score = count / len(widths) * (1 + min(width, 20) / 100) if width > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _read(text: str, delimiter: str) -> Iterator[list[str]]:
    lines = io.StringIO(text.replace("\x00", ""), newline="")
    if text.startswith("sep="):
        lines.readline()
    return csv.reader(lines, delimiter=delimiter)
