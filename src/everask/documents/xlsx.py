"""XLSX: values as their cells show them, sheets as pages, rows that know their header.

Read as a stream from the XML, so that a large sheet takes little memory, and so that hidden rows,
columns and sheets, merged cells, comments and text boxes are seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from everask.documents.draft import Draft
from everask.documents.number_format import builtin_code, plain_number, show_number
from everask.documents.office import Package, attribute, child, descendants, open_package, whole
from everask.documents.rows import add_sheet
from everask.documents.xml_tree import local, walk_xml
from everask.errors import LimitError

_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{0,7})")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*\bref="([A-Z]+\d+):([A-Z]+\d+)"')
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MAX_MERGED_CELLS = 20_000
_MAX_COLUMNS = 16_384


@dataclass(slots=True)
class _Workbook:
    """What all sheets share."""

    draft: Draft
    strings: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    from_1904: bool = False
    num_empty_formulas: int = 0


def parse_xlsx(data: bytes, draft: Draft) -> None:
    """Read an Excel workbook of 2007 or later (.xlsx, .xlsm, .xltx)."""
    package = open_package(data, draft)
    part = package.main_part("xl/workbook.xml")
    root = package.main_tree(part, "workbook")
    links = package.relationships(part)
    targets = {link.kind: link.target for link in links.values()}
    book = _Workbook(draft)
    book.from_1904 = attribute(child(root, "workbookPr"), "date1904") in ("1", "true")
    if package.has(targets.get("styles", "")):
        book.formats = _read_formats(package.tree(targets["styles"]))
    if package.has(targets.get("sharedStrings", "")):
        book.strings = list(_read_strings(package, targets["sharedStrings"], draft))
    number = 0
    for sheet in descendants(root, "sheet"):
        name = sheet.get("name", "")
        link = links.get(next((str(v) for k, v in sheet.attrib.items() if str(k).endswith("}id")), ""))
        if sheet.get("state", "visible") != "visible":
            draft.warn(f"hidden sheet {name!r} was left out")
        elif link is not None and link.kind == "worksheet" and package.has(link.target):
            number += 1
            _add_worksheet(package, link.target, name, number, book)
    if book.num_empty_formulas:
        draft.warn(
            f"{book.num_empty_formulas} formulas have no stored value: "
            "open the file in a spreadsheet program and save it"
        )


def _read_formats(root: etree._Element) -> list[str]:
    """The format code of each cell style, by its index."""
    codes: dict[int, str] = {}
    for element in descendants(root, "numFmt"):
        codes[whole(element.get("numFmtId"), 0)] = element.get("formatCode", "")
    styles = child(root, "cellXfs")
    if styles is None:
        return []
    numbers = [whole(element.get("numFmtId"), 0) for element in styles]
    return [codes.get(number, "") or builtin_code(number) for number in numbers]


def _read_strings(package: Package, part: str, draft: Draft) -> Iterator[str]:
    data = package.data(part)
    tag = _namespaced(data, "si")
    total = 0
    for element in walk_xml(data, part, (tag,)):
        text = _rich_text(element)
        total += len(text)
        if total > 2 * draft.limits.text_chars:
            raise LimitError(
                f"more than {2 * draft.limits.text_chars:,} characters of shared strings",
                "Raise limits.text_chars to read it.",
            )
        yield text


def _namespaced(data: bytes, name: str) -> str:
    """A tag in the namespace that the part uses: the transitional or the strict one."""
    strict = b"http://purl.oclc.org/ooxml/spreadsheetml/main" in data[:4096]
    space = (
        "purl.oclc.org/ooxml/spreadsheetml/main"
        if strict
        else "schemas.openxmlformats.org/spreadsheetml/2006/main"
    )
    return f"{{http://{space}}}{name}"


def _rich_text(element: etree._Element) -> str:
    """The text of a string; readings above East Asian words (rPh) are not part of it."""
    parts = [
        item.text or "" for item in element.iter() if local(item) == "t" and local(item.getparent()) != "rPh"
    ]
    text = "".join(parts)
    return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text) if "_x" in text else text


def _add_worksheet(package: Package, part: str, name: str, number: int, book: _Workbook) -> None:
    draft = book.draft
    draft.begin_page(number)
    draft.heading(name, 1)
    add_sheet(_read_rows(package.data(part), part, book), draft)
    for link in package.relationships(part).values():
        if link.kind in ("comments", "drawing") and package.has(link.target):
            wanted = "comment" if link.kind == "comments" else "txBody"
            for element in descendants(package.tree(link.target), wanted):
                lines = [
                    "".join(t.text or "" for t in descendants(p, "t")) for p in descendants(element, "p")
                ]
                draft.add("text", "\n".join(lines) if lines else _rich_text(element))
    draft.gap()
    draft.end_page()


def _read_rows(data: bytes, part: str, book: _Workbook) -> Iterator[list[str]]:
    """Yield each visible row's cells; an empty list stands for a gap between rows."""
    tags = tuple(_namespaced(data, name) for name in ("row", "col", "dimension"))
    merged = _read_merged(data)
    held: dict[int, str] = {}  # column -> the value that a merged cell passes on to rows below
    hidden_columns: set[int] = set()
    first_column = 0
    expected = 1
    for element in walk_xml(data, part, tags):
        name = local(element)
        if name == "dimension":
            first_column = max(0, _column(element.get("ref", "A1").partition(":")[0]))
        elif name == "col":
            if element.get("hidden") in ("1", "true"):
                book.draft.warn("hidden columns were left out")
                low, high = whole(element.get("min"), 1), whole(element.get("max"), 0)
                hidden_columns.update(range(low - 1, min(high, _MAX_COLUMNS)))
        else:
            number = whole(element.get("r"), expected)
            if number > expected:
                yield []
            expected = number + 1
            cells = _read_cells(element, book, hidden_columns)
            _pass_on(cells, number, merged, held)
            if element.get("hidden") in ("1", "true"):
                if cells:
                    book.draft.warn("hidden rows were left out")
                continue
            yield _in_columns(cells, first_column, hidden_columns)


def _read_cells(row: etree._Element, book: _Workbook, hidden: set[int]) -> dict[int, str]:
    cells: dict[int, str] = {}
    column = -1
    for cell in row:
        if local(cell) != "c":
            continue
        reference = cell.get("r")
        column = _column(reference) if reference else column + 1
        if column in hidden:
            continue
        if text := _value(cell, book):
            cells[column] = text
    return cells


def _value(cell: etree._Element, book: _Workbook) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _rich_text(cell)
    stored = child(cell, "v")
    text = (stored.text or "") if stored is not None else ""
    if not text:
        if child(cell, "f") is not None and kind != "str":
            book.num_empty_formulas += 1
        return ""
    if kind == "s":
        return book.strings[index] if (index := whole(text, -1)) in range(len(book.strings)) else ""
    if kind == "b":
        return "TRUE" if text == "1" else "FALSE"
    if kind != "n":
        return text
    style = whole(cell.get("s"), 0)
    code = book.formats[style] if style < len(book.formats) else ""
    try:
        number = float(text)
    except ValueError:
        return text
    return show_number(number, code, from_1904=book.from_1904) if code else plain_number(number)


def _in_columns(cells: dict[int, str], first: int, hidden: set[int]) -> list[str]:
    """Cells by position, so that rows line up with their header. Far-off cells close up."""
    row: list[str] = []
    last = first - 1
    for column in sorted(cells):
        gap = column - last - 1
        if hidden:
            gap -= sum(1 for between in range(last + 1, column) if between in hidden)
        row.extend([""] * (gap if gap < 200 else 1))
        row.append(cells[column])
        last = column
    return row


@dataclass(slots=True)
class _Merged:
    """Upright merged ranges: where each begins, and which columns of a row continue one."""

    starts: set[tuple[int, int]] = field(default_factory=set)
    continued: dict[int, set[int]] = field(default_factory=dict)


def _read_merged(data: bytes) -> _Merged:
    merged = _Merged()
    total = 0
    for match in _MERGED.finditer(data):
        start, end = match.group(1).decode(), match.group(2).decode()
        top, bottom, column = _row(start), _row(end), _column(start)
        total += bottom - top
        if bottom <= top or total > _MAX_MERGED_CELLS:
            continue
        merged.starts.add((top, column))
        for row in range(top + 1, bottom + 1):
            merged.continued.setdefault(row, set()).add(column)
    return merged


def _pass_on(cells: dict[int, str], row: int, merged: _Merged, held: dict[int, str]) -> None:
    """An upright merged cell is shown beside all its rows: each of them gets its value."""
    continued = merged.continued.get(row, set())
    if cells:
        for column in continued:
            if column in held:
                cells.setdefault(column, held[column])
    for column, text in cells.items():
        if (row, column) in merged.starts:
            held[column] = text


def _column(reference: str) -> int:
    found = _REFERENCE.match(reference)
    if found is None:
        return 0
    number = 0
    for letter in found.group(1):
        number = number * 26 + ord(letter) - 64
    return min(number, _MAX_COLUMNS) - 1


def _row(reference: str) -> int:
    return whole(reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 0)
