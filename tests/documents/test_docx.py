"""DOCX: what python-docx writes, and the parts that it cannot write or read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import docx
import pytest

from everask.documents.draft import Draft, Limits
from everask.errors import LimitError, UnreadableError

Parse = Callable[..., Draft]

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_NAMES = (
    f'{_W} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    ' xmlns:v="urn:schemas-microsoft-com:vml" xmlns:m="urn:math"'
)
_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
)


def make(body: str, **parts: str) -> bytes:
    """A package with this body; each part is named by its kind (footnotes, comments, header)."""
    links = "".join(
        f'<Relationship Id="r{kind}" Type="{_TYPE}/{kind}" Target="{kind}.xml"/>' for kind in parts
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        main = f'<Relationship Id="r" Type="{_TYPE}/officeDocument" Target="word/document.xml"/>'
        archive.writestr("_rels/.rels", _RELS.format(main))
        archive.writestr("word/_rels/document.xml.rels", _RELS.format(links))
        archive.writestr("word/document.xml", f"<w:document {_NAMES}><w:body>{body}</w:body></w:document>")
        for kind, content in parts.items():
            archive.writestr(f"word/{kind}.xml", f"<w:{kind} {_NAMES}>{content}</w:{kind}>")
    return buffer.getvalue()


def p(text: str, properties: str = "", run: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:rPr>{run}</w:rPr><w:t>{text}</w:t></w:r></w:p>"


def bodies(draft: Draft) -> list[str]:
    return [draft.text[block.start : block.end] for block in draft.blocks]


def test_written_by_python_docx(parse: Parse) -> None:
    document = docx.Document()
    document.core_properties.title = "The title"
    document.add_heading("Warranty", 1)
    document.add_paragraph("Zwei Jahre für Geräte. 保修期为两年。")
    document.add_heading("Exceptions", 2)
    document.add_paragraph("Batteries", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, text in zip(
        [*table.rows[0].cells, *table.rows[1].cells], ["Region", "Years", "EMEA", "2"], strict=True
    ):
        cell.text = text
    table.rows[1].cells[1].add_table(1, 1).cell(0, 0).text = "nested"
    document.sections[0].header.paragraphs[0].text = "Page head"
    document.sections[0].footer.paragraphs[0].text = "Page foot"
    buffer = io.BytesIO()
    document.save(buffer)
    draft = parse("docx", buffer.getvalue())
    assert [(block.kind, block.level) for block in draft.blocks] == [
        ("heading", 1),
        ("text", 0),
        ("heading", 2),
        ("list", 0),
        ("table", 0),
        ("table", 0),
        ("text", 0),
        ("text", 0),
    ]
    assert bodies(draft)[4:] == ["Region | Years", "EMEA | 2 nested", "Page head", "Page foot"]
    assert draft.blocks[5].header == (draft.blocks[4].start, draft.blocks[4].end)
    assert draft.title == "The title"


def test_what_plain_readers_lose(parse: Parse) -> None:
    box = "<w:txbxContent>" + p("in a box") + "</w:txbxContent>"
    body = (
        f"<w:sdt><w:sdtContent>{p('content control')}</w:sdtContent></w:sdt>"
        "<w:p><w:r><w:t>Text</w:t></w:r>"
        '<w:ins w:id="1"><w:r><w:t xml:space="preserve"> inserted</w:t></w:r></w:ins>'
        '<w:del w:id="2"><w:r><w:delText>deleted</w:delText></w:r></w:del>'
        "<w:r><w:tab/><w:t>soft</w:t><w:softHyphen/><w:t>hyphen</w:t><w:noBreakHyphen/><w:br/><w:t>line</w:t></w:r>"
        '<w:r><w:footnoteReference w:id="1"/><w:commentReference w:id="0"/></w:r>'
        '<w:r><w:drawing><wp:docPr descr="a red door"/></w:drawing></w:r>'
        f"<w:r><mc:AlternateContent><mc:Choice><wps:txbx>{box}</wps:txbx></mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
        "</w:p>" + p("not to be seen", run="<w:vanish/>") + p("white", run='<w:color w:val="FFFFFF"/>')
    )
    draft = parse(
        "docx",
        make(
            body,
            footnotes=f'<w:footnote w:id="1">{p("A footnote.")}</w:footnote>',
            comments=f'<w:comment w:id="0">{p("A comment.")}</w:comment>',
            header=p("Head"),
        ),
    )
    assert bodies(draft) == [
        "content control",
        "Text inserted\tsoft\u00adhyphen\u2011\nline",
        "in a box",
        "a red door",
        "A footnote.",
        "A comment.",
        "Head",
    ]
    assert draft.warnings == ["hidden text was left out"]


def test_merged_cells_and_deleted_rows(parse: Parse) -> None:
    def row(*cells: str, properties: str = "") -> str:
        return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"

    wide = f'<w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>{p("wide")}</w:tc>'
    cells = [f"<w:tc>{p(text)}</w:tc>" for text in "abc"]
    table = (
        row(wide, cells[2], properties="<w:tblHeader/>")
        + row(*cells)
        + row(*cells, properties='<w:del w:id="1"/>')
    )
    draft = parse("docx", make(f"<w:tbl>{table}</w:tbl>"))
    assert bodies(draft) == ["wide |  | c", "a | b | c"]


def test_deep_tables(parse: Parse) -> None:
    body = "<w:tbl><w:tr><w:tc>" * 60 + p("needle") + "</w:tc></w:tr></w:tbl>" * 60
    assert "needle" in parse("docx", make(body)).text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 truncated",
        make(p("x"))[:200],
        make("&lol;"),
        make(p("x")).replace(b"word/document.xml", b"word/documenX.xml"),
    ],
)
def test_broken(parse: Parse, data: bytes) -> None:
    with pytest.raises(UnreadableError):
        parse("docx", data)


def test_entity_bomb(parse: Parse) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(
            "word/document.xml",
            '<!DOCTYPE a [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]><w:document '
            + _W
            + ">&b;</w:document>",
        )
    with pytest.raises(UnreadableError, match="entities"):
        parse("docx", buffer.getvalue())


def test_limits(parse: Parse) -> None:
    with pytest.raises(LimitError, match="unpacked"):
        parse("docx", make(p("x" * 100_000)), Limits(unpacked_bytes=50_000))
    with pytest.raises(LimitError, match="memory"):
        parse("docx", make(p("x" * 100_000)), Limits(memory_bytes=100_000))
    with pytest.raises(LimitError, match="characters"):
        parse("docx", make(p("x" * 100_000)), Limits(text_chars=1_000))
