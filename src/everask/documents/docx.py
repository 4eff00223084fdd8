"""DOCX (also .docm, .dotx): the body in order, with what plain readers lose.

Text boxes, content controls, footnotes, endnotes, comments, headers, footers and inserted changes
are kept; deleted changes and hidden text are not. Read from the XML itself, since python-docx
gives none of those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lxml import etree

from everask.documents.docx_styles import Styles, outline_level, read_styles
from everask.documents.draft import Draft
from everask.documents.office import Package, attribute, child, descendants, is_on, open_package, whole
from everask.documents.rows import looks_like_header
from everask.documents.xml_tree import local

_DELETED = frozenset(["del", "moveFrom", "instrText", "delText", "delInstrText", "rt", "pPr", "rPr", "sdtPr"])
_TEXT = {
    "tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011", "softHyphen": "\u00ad",
}  # fmt: skip
_NOTES = {"footnoteReference": "footnotes", "endnoteReference": "endnotes", "commentReference": "comments"}
_MAX_DEPTH = 40
_LONG_CELL_CHARS = 1_500


@dataclass(slots=True)
class _Body:
    """What is being read: the draft, styles, and the notes that parts may refer to."""

    draft: Draft
    styles: Styles
    notes: dict[str, dict[str, str]] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)  # notes to put after the paragraph or table
    boxes: list[etree._Element] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)


def parse_docx(data: bytes, draft: Draft) -> None:
    """Read a Word document of 2007 or later."""
    package = open_package(data, draft)
    part = package.main_part("word/document.xml")
    root = package.main_tree(part, "document")
    links = package.relationships(part)
    targets = {link.kind: link.target for link in links.values()}
    body = _Body(draft, read_styles(package, targets))
    for kind in ("footnotes", "endnotes", "comments"):
        if kind in targets and package.has(targets[kind]):
            body.notes[kind] = _read_notes(package.tree(targets[kind]), body)
    start = child(root, "body")
    _add_blocks(root if start is None else start, body, 0)
    draft.gap()
    seen: set[str] = set()
    for link in links.values():
        if link.kind in ("header", "footer") and package.has(link.target):
            _add_margin(package, link.target, body, seen)


def _read_notes(root: etree._Element, body: _Body) -> dict[str, str]:
    notes: dict[str, str] = {}
    for note in root:
        if attribute(note, "type") in ("separator", "continuationSeparator", "continuationNotice"):
            continue
        lines = [_text(paragraph, body) for paragraph in descendants(note, "p")]
        notes[attribute(note, "id") or ""] = "\n".join(line for line in lines if line.strip())
    return notes


def _add_margin(package: Package, part: str, body: _Body, seen: set[str]) -> None:
    """Headers and footers come last, each different text once."""
    for paragraph in descendants(package.tree(part), "p"):
        text = _text(paragraph, body).strip()
        if any(character.isalpha() for character in text) and text not in seen:
            seen.add(text)
            body.draft.add("text", text)
    body.boxes.clear()
    body.figures.clear()


def _add_blocks(parent: etree._Element, body: _Body, depth: int) -> None:
    if depth > _MAX_DEPTH:
        body.draft.warn("tables or boxes nested too deeply: read as plain text")
        body.draft.add("text", " ".join(_texts(parent, body)))
        return
    for element in parent:
        name = local(element)
        if name == "p":
            _add_paragraph(element, body, depth)
        elif name == "tbl":
            _add_table(element, body, depth)
        elif name == "AlternateContent":
            for chosen in _choice(element):
                _add_blocks(chosen, body, depth + 1)
        elif name == "altChunk":
            body.draft.warn("an embedded file was not read")
        elif name not in _DELETED and len(element):
            _add_blocks(element, body, depth + 1)


def _add_paragraph(paragraph: etree._Element, body: _Body, depth: int) -> None:
    text = _text(paragraph, body).strip("\n")
    properties = child(paragraph, "pPr")
    style = body.styles.of(properties)
    level = style.level
    if (outline := child(properties, "outlineLvl")) is not None:
        level = outline_level(outline)
    numbering = child(properties, "numPr", "numId")
    is_list = style.is_list if numbering is None else attribute(numbering, "val") != "0"
    if level and len(text) < 400:
        body.draft.gap()
        body.draft.heading(text, level)
    elif is_list:
        body.draft.add("list", text, separator="\n")
    elif text.strip():
        body.draft.gap()
        body.draft.add("text", text)
    _add_waiting(body, depth)


def _add_waiting(body: _Body, depth: int) -> None:
    """Put text boxes, pictures' descriptions and notes after what they hang on."""
    boxes, body.boxes = body.boxes, []
    for box in boxes:
        body.draft.gap()
        _add_blocks(box, body, depth + 1)
    for figure in body.figures:
        body.draft.gap()
        body.draft.add("figure", figure)
    body.figures.clear()
    for note in body.waiting:
        body.draft.gap()
        body.draft.add("text", note)
    body.waiting.clear()


def _add_table(table: etree._Element, body: _Body, depth: int) -> None:
    rows = [row for row in _children(table, "tr") if not _is_dropped_row(row, body)]
    cells = [list(_children(row, "tc")) for row in rows]
    body.draft.gap()
    if len(cells) == 1 and len(cells[0]) == 1:
        _add_blocks(cells[0][0], body, depth + 1)  # a frame, not a table
        return
    texts = [_row_texts(row, body) for row in cells]
    if depth < _MAX_DEPTH and any(len(text) > _LONG_CELL_CHARS for row in texts for text in row):
        body.boxes.clear()
        body.waiting.clear()
        body.figures.clear()
        for row in cells:
            for cell in row:
                _add_blocks(cell, body, depth + 1)
        return
    marked = bool(rows) and child(rows[0], "trPr", "tblHeader") is not None
    look = child(table, "tblPr", "tblLook")
    styled = attribute(look, "firstRow") == "1" and len(texts) > 1 and all(texts[0])
    body.draft.table(texts, has_header=marked or styled or looks_like_header(texts))
    _add_waiting(body, depth)


def _row_texts(cells: Iterable[etree._Element], body: _Body) -> list[str]:
    texts: list[str] = []
    for cell in cells:
        texts.append(" ".join(" ".join(_texts(cell, body)).split()))
        span = whole(attribute(child(cell, "tcPr", "gridSpan"), "val"), 1)
        texts.extend([""] * (min(100, span) - 1))
    return texts


def _texts(parent: etree._Element, body: _Body) -> Iterator[str]:
    """The paragraphs below an element as plain text, nested tables and boxes included."""
    stack = [parent]
    while stack:
        element = stack.pop()
        name = local(element)
        if name == "p":
            yield _text(element, body)
            # Boxes inside a cell belong to the cell; their own boxes join the list again.
            stack.extend(reversed(body.boxes))
            body.boxes.clear()
        elif name == "AlternateContent":
            stack.extend(_choice(element))
        elif name not in _DELETED:
            stack.extend(reversed(element))


def _is_dropped_row(row: etree._Element, body: _Body) -> bool:
    properties = child(row, "trPr")
    if is_on(child(properties, "hidden")):
        body.draft.warn("hidden text was left out")
        return True
    return child(properties, "del") is not None


def _children(parent: etree._Element, name: str) -> Iterator[etree._Element]:
    """Children of a name, through content controls and inserted changes around them."""
    for element in parent:
        if local(element) == name:
            yield element
        elif local(element) in ("sdt", "sdtContent", "ins", "moveTo", "customXml"):
            yield from _children(element, name)


def _choice(alternate: etree._Element) -> list[etree._Element]:
    """Of the same content for newer and older programs, the first one."""
    return [item for item in alternate if local(item) in ("Choice", "Fallback")][:1]


def _text(paragraph: etree._Element, body: _Body) -> str:
    """A paragraph's text; boxes, figures and notes inside it are put aside in `body`."""
    parts: list[str] = []
    properties = child(paragraph, "pPr")
    shaded = child(properties, "shd") is not None or body.styles.of(properties).shaded
    in_cell = any(local(ancestor) in ("tc", "txbxContent") for ancestor in paragraph.iterancestors())
    stack = list(reversed(paragraph))
    while stack:
        element = stack.pop()
        name = local(element)
        if name in _DELETED:
            continue
        if name == "t":
            parts.append(element.text or "")
        elif name in _TEXT:
            parts.append(_TEXT[name])
        elif name in _NOTES:
            if note := body.notes.get(_NOTES[name], {}).get(attribute(element, "id") or ""):
                body.waiting.append(note)
        elif name == "AlternateContent":
            stack.extend(_choice(element))
        elif name == "txbxContent":
            body.boxes.append(element)
        elif name == "docPr":
            if description := attribute(element, "descr"):
                body.figures.append(description)
        elif name == "r" and body.styles.is_hidden(element, may_be_white=shaded or in_cell):
            if any(item.text for item in descendants(element, "t")):
                body.draft.warn("hidden text was left out")
        else:
            stack.extend(reversed(element))
    return "".join(parts)
