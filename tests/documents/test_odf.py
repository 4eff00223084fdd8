"""OpenDocument: made by hand here; a real one by LibreOffice is read in test_samples.py."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

from everask.documents.draft import Draft, Limits
from everask.errors import LimitError, UnreadableError

Parse = Callable[..., Draft]

_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "text", "table", "style", "drawing", "presentation", "draw")
)


TITLE = 'presentation:class="title"'


def make(kind: str, body: str, styles: str = "", manifest: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "content.xml",
            f"<office:document-content {_SPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
            f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
        )
        if manifest:
            archive.writestr("META-INF/manifest.xml", manifest)
    return buffer.getvalue()


def bodies(draft: Draft) -> list[str]:
    return [draft.text[block.start : block.end] for block in draft.blocks]


def test_text(parse: Parse) -> None:
    body = (
        "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
        '<text:h text:outline-level="2">Warranty</text:h>'
        '<text:p>Two<text:s text:c="2"/>years<text:tab/>from<text:line-break/>purchase'
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>A note.</text:p>"
        "</text:note-body></text:note> on.</text:p>"
        "<text:p>Before<draw:frame><draw:text-box><text:p>in a box</text:p></draw:text-box>"
        "</draw:frame></text:p>"
        "<text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>inner</text:p>"
        "</text:list-item></text:list></text:list-item></text:list>"
        '<text:p>seen <text:span text:style-name="T1">secret</text:span>too</text:p>'
        "<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>A</text:p>"
        "</table:table-cell><table:table-cell><text:p>B</text:p></table:table-cell></table:table-row>"
        "</table:table-header-rows><table:table-row><table:covered-table-cell/><table:table-cell>"
        "<text:p>1</text:p><text:p>2</text:p></table:table-cell></table:table-row></table:table>"
    )
    style = '<style:style style:name="T1"><style:text-properties text:display="none"/></style:style>'
    draft = parse("odt", make("text", body, style))
    assert bodies(draft) == [
        "Warranty",
        "Two  years\tfrom\npurchase on.",
        "A note.",
        "Before",
        "in a box",
        "one",
        "inner",
        "seen too",
        "A | B",
        " | 1 2",
    ]
    assert draft.blocks[0].level == 2
    assert draft.blocks[-1].header is not None
    assert draft.warnings == ["hidden text was left out"]


def test_sheets(parse: Parse) -> None:
    def cell(text: str, attributes: str = "") -> str:
        return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"

    rows = (
        f"<table:table-row>{cell('Region')}{cell('Sum')}</table:table-row>"
        f"<table:table-row>{cell('EMEA')}{cell('4,2 €')}</table:table-row>"
        f'<table:table-row table:visibility="collapse">{cell("secret")}</table:table-row>'
        '<table:table-row><table:table-cell table:number-columns-repeated="2"/>'
        '<table:table-cell office:value-type="float" office:value="7"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048576"><table:table-cell/></table:table-row>'
    )
    body = (
        f'<table:table table:name="One">{rows}</table:table>'
        f'<table:table table:name="Two" table:style-name="h">{rows}</table:table>'
    )
    style = '<style:style style:name="h"><style:table-properties table:display="false"/></style:style>'
    draft = parse("ods", make("spreadsheet", body, style))
    assert bodies(draft) == ["One", "Region | Sum", "EMEA | 4,2 €", " |  | 7"]
    assert draft.warnings == ["hidden rows were left out", "hidden sheet 'Two' was left out"]


def test_slides(parse: Parse) -> None:
    frame = "<draw:frame {}><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    body = (
        f"<draw:page>{frame.format('', 'body')}{frame.format(TITLE, 'Title')}"
        f"<presentation:notes>{frame.format('', 'say this')}</presentation:notes></draw:page>"
    )
    draft = parse("odp", make("presentation", body))
    assert [(block.page, block.kind) for block in draft.blocks] == [(1, "heading"), (1, "text"), (1, "text")]
    assert bodies(draft) == ["Title", "body", "say this"]


def test_password_and_wrong_kind(parse: Parse) -> None:
    with pytest.raises(UnreadableError, match="password"):
        parse("odt", make("text", "", manifest="<m><encryption-data/></m>"))
    with pytest.raises(UnreadableError, match="no text"):
        parse("odt", make("spreadsheet", ""))


def test_repeated_cells_stay_within_limits(parse: Parse) -> None:
    row = (
        '<table:table-row table:number-rows-repeated="1000000"><table:table-cell '
        'table:number-columns-repeated="16384"><text:p>bomb bomb</text:p></table:table-cell>'
        "</table:table-row>"
    )
    with pytest.raises(LimitError):
        parse(
            "ods", make("spreadsheet", f"<table:table>{row * 10}</table:table>"), Limits(text_chars=500_000)
        )
