"""ODT, ODS and ODP (also templates): content.xml in order. LXML without DTD or network.

Tracked deletions and hidden text, rows, sheets and slides are left out; notes and text boxes kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from everask.documents.draft import Draft
from everask.documents.office import attribute, descendants, open_package, whole
from everask.documents.rows import add_sheet, looks_like_header
from everask.documents.xml_tree import local
from everask.errors import UnreadableError

_DROPPED = frozenset(
    [
        "tracked-changes",
        "note-citation",
        "hidden-text",
        "hidden-paragraph",
        "forms",
        "sequence-decls",
        "variable-decls",
        "user-field-decls",
        "script",
        "event-listeners",
        "annotation-end",
        "bookmark-start",
        "bookmark-end",
        "soft-page-break",
        "shapes",
        "ruby-text",
        "binary-data",
        "settings",
        "master-page",
        "dde-connection-decls",
    ]
)
_TEXT = {"tab": "\t", "line-break": "\n"}
_MAX_DEPTH = 40
_MAX_REPEATED = 1_000
_MAX_SPACES = 1_000


@dataclass(slots=True)
class _Styles:
    """What automatic and named styles mean for reading."""

    outline: dict[str, int] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)  # text, table or page styles that do not show
    parents: dict[str, str] = field(default_factory=dict)
    titles: dict[str, int] = field(default_factory=lambda: {"Title": 1})

    def level(self, name: str) -> int:
        for _ in range(10):
            if name in self.titles:
                return self.titles[name]
            if name in self.outline:
                return self.outline[name]
            if name not in self.parents:
                return 0
            name = self.parents[name]
        return 0


@dataclass(slots=True)
class _Body:
    """What is being read, and what waits to be put after the paragraph."""

    draft: Draft
    styles: _Styles
    aside: list[etree._Element] = field(default_factory=list)


def parse_odt(data: bytes, draft: Draft) -> None:
    """Read a text document."""
    body, root = _open(data, draft, "text")
    _add_blocks(root, body, 0)
    draft.gap()


def parse_odp(data: bytes, draft: Draft) -> None:
    """Read a presentation: one page a slide, its notes after it."""
    body, root = _open(data, draft, "presentation")
    number = 0
    for page in root:
        if local(page) != "page":
            continue
        number += 1
        if attribute(page, "style-name") in body.styles.hidden:
            draft.warn(f"hidden slide {number} was left out")
            continue
        draft.begin_page(number)
        frames = sorted(page, key=lambda frame: attribute(frame, "class") != "title")
        for frame in frames:
            if attribute(frame, "class") == "title":
                draft.heading(" ".join(_texts(frame, body)), 1)
            else:
                _add_blocks([frame], body, 0)
        draft.gap()
        draft.end_page()


def parse_ods(data: bytes, draft: Draft) -> None:
    """Read a spreadsheet: one page a sheet, cells as they show."""
    body, root = _open(data, draft, "spreadsheet")
    number = 0
    for table in root:
        if local(table) != "table":
            continue
        name = attribute(table, "name") or ""
        if attribute(table, "style-name") in body.styles.hidden:
            draft.warn(f"hidden sheet {name!r} was left out")
            continue
        number += 1
        draft.begin_page(number)
        draft.heading(name, 1)
        add_sheet(_sheet_rows(table, body), draft)
        for element in table:
            if local(element) == "shapes":
                for text in _texts_below(element, body):
                    draft.add("text", text)
        draft.gap()
        draft.end_page()


def _open(data: bytes, draft: Draft, kind: str) -> tuple[_Body, etree._Element]:
    package = open_package(data, draft)
    if package.has("META-INF/manifest.xml") and b"encryption-data" in package.data("META-INF/manifest.xml"):
        raise UnreadableError(
            "protected by a password", "Remove the password in its own program and add it again."
        )
    if package.has("meta.xml") and not draft.title:
        for title in descendants(package.tree("meta.xml"), "title"):
            draft.title = " ".join((title.text or "").split())
    styles = _Styles()
    if package.has("styles.xml"):
        _read_styles(package.tree("styles.xml"), styles)
    root = package.tree("content.xml")
    _read_styles(root, styles)
    for body in root:
        if local(body) == "body":
            found = next((item for item in body if local(item) == kind), None)
            if found is not None:
                return _Body(draft, styles), found
    raise UnreadableError(
        f"damaged file: there is no {kind} in it", "Open it in its own program and save it again."
    )


def _read_styles(root: etree._Element, styles: _Styles) -> None:
    for style in descendants(root, "style"):
        name = attribute(style, "name") or ""
        if parent := attribute(style, "parent-style-name"):
            styles.parents[name] = parent
        if level := whole(attribute(style, "default-outline-level"), 0):
            styles.outline[name] = level
        for properties in style:
            kind = local(properties)
            hides = (
                (kind == "text-properties" and attribute(properties, "display") == "none")
                or (kind == "table-properties" and attribute(properties, "display") == "false")
                or (kind == "drawing-page-properties" and attribute(properties, "visibility") == "hidden")
            )
            if hides:
                styles.hidden.add(name)


def _add_blocks(parent: etree._Element | list[etree._Element], body: _Body, depth: int) -> None:
    for element in parent:
        name = local(element)
        if name in _DROPPED:
            continue
        if name in ("p", "h"):
            _add_paragraph(element, body, depth, is_list=False)
        elif name == "list":
            _add_list(element, body, depth)
        elif name == "table":
            _add_table(element, body)
        elif depth > _MAX_DEPTH:
            body.draft.warn("nested too deeply: read as plain text")
            body.draft.add("text", " ".join(_texts(element, body)))
        elif name in ("notes", "annotation", "frame", "custom-shape") or len(element):
            _add_blocks(element, body, depth + 1)


def _add_paragraph(element: etree._Element, body: _Body, depth: int, *, is_list: bool) -> None:
    text = _text(element, body)
    style = attribute(element, "style-name") or ""
    level = body.styles.level(style)
    if local(element) == "h":
        level = whole(attribute(element, "outline-level"), max(1, level))
    if level and len(text) < 400:
        body.draft.gap()
        body.draft.heading(text, level)
    elif is_list:
        body.draft.add("list", text, separator="\n")
    else:
        body.draft.gap() if text.strip() else None
        body.draft.add("text", text)
    aside, body.aside = body.aside, []
    for item in aside:
        _add_blocks(item, body, depth + 1)


def _add_list(root: etree._Element, body: _Body, depth: int) -> None:
    """All items of a list and of the lists inside it, in order."""
    stack = [root]
    while stack:
        element = stack.pop()
        name = local(element)
        if name in ("p", "h"):
            _add_paragraph(element, body, depth, is_list=True)
        elif name == "table":
            _add_table(element, body)
        elif name not in _DROPPED:
            stack.extend(reversed(element))
    if depth == 0:
        body.draft.gap()


def _add_table(table: etree._Element, body: _Body) -> None:
    rows = list(_rows(table))
    cells = [list(_cells(row)) for row in rows]
    texts = [[" ".join(_texts(cell, body)) for cell in row] for row in cells]
    body.draft.gap()
    if len(texts) == 1 and len(texts[0]) == 1:
        body.draft.add("text", texts[0][0])
        return
    marked = bool(rows) and local(rows[0].getparent()) == "table-header-rows"
    body.draft.table(texts, has_header=marked or looks_like_header(texts))


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    stack = list(reversed(table))
    while stack:
        element = stack.pop()
        if local(element) == "table-row":
            yield element
        elif local(element) in ("table-header-rows", "table-rows", "table-row-group"):
            stack.extend(reversed(element))


def _cells(row: etree._Element) -> Iterator[etree._Element]:
    return (cell for cell in row if local(cell) in ("table-cell", "covered-table-cell"))


def _sheet_rows(table: etree._Element, body: _Body) -> Iterator[list[str]]:
    hidden = set(_hidden_columns(table, body))
    for row in _rows(table):
        if attribute(row, "visibility") in ("collapse", "filter"):
            body.draft.warn("hidden rows were left out")
            continue
        cells: list[str] = []
        column = 0
        for cell in _cells(row):
            text = "\n".join(_texts(cell, body)) or _stored_value(cell)
            repeated = min(_count(cell, "number-columns-repeated"), _MAX_REPEATED)
            for _ in range(repeated):
                if column not in hidden:
                    cells.append(text)
                column += 1
        while cells and not cells[-1]:
            cells.pop()
        times = min(_count(row, "number-rows-repeated"), _MAX_REPEATED) if cells else 1
        for _ in range(times):
            yield list(cells)


def _hidden_columns(table: etree._Element, body: _Body) -> Iterator[int]:
    column = 0
    for element in table.iter():
        if local(element) == "table-row":
            return
        if local(element) == "table-column":
            count = min(_count(element, "number-columns-repeated"), 16_384)
            if attribute(element, "visibility") in ("collapse", "filter"):
                body.draft.warn("hidden columns were left out")
                yield from range(column, column + count)
            column += count


def _count(element: etree._Element, name: str) -> int:
    return whole(attribute(element, name), 1)


def _stored_value(cell: etree._Element) -> str:
    """What a cell holds when it shows no text."""
    for name in ("date-value", "time-value", "string-value", "boolean-value"):
        if value := attribute(cell, name):
            return value
    kind = attribute(cell, "value-type")
    return (attribute(cell, "value") or "") if kind in ("float", "percentage", "currency") else ""


def _texts(parent: etree._Element, body: _Body) -> list[str]:
    """The paragraphs below an element as plain texts."""
    return [text for text in _texts_below(parent, body) if text.strip()]


def _texts_below(parent: etree._Element, body: _Body) -> Iterator[str]:
    stack = [parent]
    while stack:
        element = stack.pop()
        name = local(element)
        if name in ("p", "h"):
            yield _text(element, body)
            stack.extend(reversed(body.aside))
            body.aside.clear()
        elif name not in _DROPPED or element is parent:
            stack.extend(reversed(element))


def _text(paragraph: etree._Element, body: _Body) -> str:
    """A paragraph's text; frames, notes and comments in it are put aside in `body`."""
    parts: list[str] = [paragraph.text or ""]
    if attribute(paragraph, "style-name") in body.styles.hidden:
        body.draft.warn("hidden text was left out")
        return ""
    # Tails wait on the stack as plain strings.
    stack: list[etree._Element | str] = _with_tails(paragraph)
    while stack:
        element = stack.pop()
        if isinstance(element, str):
            parts.append(element)
            continue
        name = local(element)
        if name in _DROPPED:
            if name.startswith("hidden"):
                body.draft.warn("hidden text was left out")
        elif name in _TEXT:
            parts.append(_TEXT[name])
        elif name == "s":
            parts.append(" " * min(_count(element, "c"), _MAX_SPACES))
        elif name in ("frame", "note", "annotation", "custom-shape", "text-box"):
            body.aside.append(element)
        elif name == "span" and attribute(element, "style-name") in body.styles.hidden:
            body.draft.warn("hidden text was left out")
        else:
            parts.append(element.text or "")
            stack.extend(_with_tails(element))
    return "".join(parts)


def _with_tails(parent: etree._Element) -> list[etree._Element | str]:
    """Children and the text after each, last first, ready to be popped in order."""
    found: list[etree._Element | str] = []
    for element in reversed(parent):
        if element.tail:
            found.append(element.tail)
        found.append(element)
    return found
