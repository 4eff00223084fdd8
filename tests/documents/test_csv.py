"""CSV: delimiters, quotes, headers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from everask.documents.csv import find_delimiter
from everask.documents.draft import Draft

Parse = Callable[..., Draft]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_quotes_and_header(parse: Parse, delimiter: str) -> None:
    rows = [["City", "Note", "Price"], ["Köln", f'"a{delimiter} ""b""\nnew line"', "1.5"], ["東京", "x", "2"]]
    draft = parse("csv", "\n".join(delimiter.join(row) for row in rows).encode())
    bodies = [draft.text[block.start : block.end] for block in draft.blocks]
    note = f'a{delimiter.strip()} "b" new line'
    assert bodies == ["City | Note | Price", f"Köln | {note} | 1.5", "東京 | x | 2"]
    first = draft.blocks[0]
    assert first.header is None
    assert all(block.header == (first.start, first.end) for block in draft.blocks[1:])


def test_without_header(parse: Parse) -> None:
    draft = parse("csv", b"1,2\n3,4\n5,6\n")
    assert [block.header for block in draft.blocks] == [None] * 3


def test_sep_line_and_decimal_commas(parse: Parse) -> None:
    draft = parse("csv", "sep=;\nName;Preis\nÄpfel;1,50\n".encode())
    assert draft.text.startswith("Name | Preis\nÄpfel | 1,50")
    assert find_delimiter("a;1,5\nb;2,5\nc;3,25") == ";"


def test_blank_lines_do_not_end_the_table(parse: Parse) -> None:
    draft = parse("csv", b"a,b\n1,x\n\n2,y\n")
    assert draft.blocks[-1].header is not None


def test_ragged_and_huge_cells(parse: Parse) -> None:
    draft = parse("csv", b"a,b\n1\n2,3,4\n" + b"x" * 200_000 + b",y\n")
    assert len(draft.blocks) == 4
