"""XLSX, as openpyxl and XlsxWriter write it."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Callable

import openpyxl
import pytest
from openpyxl.comments import Comment

from everask.documents.draft import Draft, Limits
from everask.documents.number_format import plain_number, show_number
from everask.errors import LimitError, UnreadableError

Parse = Callable[..., Draft]


def save(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def bodies(draft: Draft) -> list[str]:
    return [draft.text[block.start : block.end] for block in draft.blocks]


def test_values_headers_and_sheets(parse: Parse) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Sales 2024"
    sheet["A1"] = "Revenue by region"
    sheet.append(["Region", "Revenue", "Share", "Since"])
    sheet.append(["EMEA", 4200.5, 0.256, datetime.date(2024, 1, 31)])
    sheet.append(["日本", 10, 1, datetime.datetime(2024, 2, 1, 13, 30)])
    for row in (3, 4):
        sheet.cell(row, 2).number_format = "#,##0.00"
        sheet.cell(row, 3).number_format = "0.0%"
    sheet["A3"].comment = Comment("Checked twice", "me")
    book.create_sheet("Empty")
    book.create_sheet("Secret").sheet_state = "hidden"
    draft = parse("xlsx", save(book))
    assert bodies(draft) == [
        "Sales 2024",
        "Revenue by region",
        "Region | Revenue | Share | Since",
        "EMEA | 4,200.50 | 25.6% | 2024-01-31",
        "日本 | 10.00 | 100.0% | 2024-02-01 13:30",
        "Checked twice",
        "Empty",
    ]
    header = draft.blocks[2]
    assert [block.header for block in draft.blocks[2:5]] == [None] + [(header.start, header.end)] * 2
    assert [page.number for page in draft.pages] == [1, 2]
    assert draft.warnings == ["hidden sheet 'Secret' was left out"]


def test_hidden_merged_gaps_and_formulas(parse: Parse) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["a", "b", "c"], ["x", 1, True], [None, 2, "=1+1"], ["secret", 3, None], ["y", 4, "#N/A"]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    sheet.row_dimensions[4].hidden = True
    sheet["C8"] = "far"
    sheet["D1"] = "secret"
    sheet.column_dimensions["D"].hidden = True
    draft = parse("xlsx", save(book))
    assert bodies(draft) == ["Sheet", "a | b | c", "x | 1 | TRUE", "x | 2", "y | 4 | #N/A", " |  | far"]
    assert "secret" not in draft.text
    assert draft.warnings == [
        "hidden columns were left out",
        "hidden rows were left out",
        "1 formulas have no stored value: open the file in a spreadsheet program and save it",
    ]


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (1234.5, "#,##0.00", "1,234.50"),
        (-5, '#,##0;[Red]"minus "0', "minus 5"),
        (0.125, "0.0%", "12.5%"),
        (1234.5, '"$"#,##0.00', "$1,234.50"),
        (12, "[$€-407] #,##0", "€12"),
        (7, "000", "007"),
        (1500000, '0.0,,"M"', "1.5M"),
        (45322, "dd/mm/yyyy", "2024-01-31"),
        (45322.5, "yyyy-mm-dd hh:mm", "2024-01-31 12:00"),
        (0.75, "h:mm AM/PM", "18:00"),
        (1.5, "[h]:mm", "36:00:00"),
        (1, "yyyy-mm-dd", "1900-01-01"),
        (3.25, "# ?/?", "3.25"),
        (0.1 + 0.2, "General", "0.3"),
        (1e-20, "", "1e-20"),
        (float("inf"), "0.0", "inf"),
    ],
)
def test_numbers_as_shown(value: float, code: str, shown: str) -> None:
    assert show_number(value, code) == shown


def test_plain_numbers() -> None:
    assert [plain_number(x) for x in (3.0, 0.00001, 123456789012.25, -2.5)] == [
        "3",
        "0.00001",
        "123456789012.25",
        "-2.5",
    ]
    assert show_number(0, "yyyy-mm-dd", from_1904=True) == "1904-01-01"


def test_shared_string_bomb(parse: Parse) -> None:
    book = openpyxl.Workbook()
    for _ in range(400):
        book.active.append(["long text " * 100] * 5)
    with pytest.raises(LimitError, match="characters"):
        parse("xlsx", save(book), Limits(text_chars=100_000))


def test_broken_parts(parse: Parse) -> None:
    data = save(openpyxl.Workbook())
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content[:-20] if name.endswith("sheet1.xml") else content)
    with pytest.raises(UnreadableError, match="sheet1"):
        parse("xlsx", buffer.getvalue())
