"""HTML: visible text in order, with headings, lists, tables and preformatted text.

Nothing that a reader would see is dropped, except what stands around a page's own part: its navigation,
and headers, sidebars and footers of labels alone or with its title once more.
Knows no network: links, images and styles are never followed.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from everask.documents.decode import decode
from everask.documents.draft import Draft
from everask.documents.plain import paragraphs
from everask.documents.rows import looks_like_header
from everask.types import BlockKind

# The parser's time grows with the square of the depth: 0.5 s at 20,000.
_MAX_DEPTH = 5_000
_DROPPED = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "head",
        "svg",
        "iframe",
        "object",
        "embed",
        "canvas",
        "audio",
        "video",
        "map",
        "rt",
        "rp",
        "datalist",
        "input",
        "noframes",
        "frameset",
    ]
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "optgroup",
        "option",
        "p",
        "search",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LISTS = frozenset(["li", "dt", "dd"])
_CODE = frozenset(["pre", "listing", "xmp", "textarea"])
_VOID = "br|hr|img|input|meta|link|col|area|base|wbr|source|param|track|embed"
_UNCLOSED = "p|li|td|tr|th|dt|dd|option|br|hr|img|input|meta|link|col|area|base|wbr|source|param"
_TAG = re.compile(rf"<(/?)(?!(?:{_UNCLOSED})\b)[a-zA-Z][^<>]*?(/?)>")
_CHARSET = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([a-zA-Z0-9_:.-]+)""", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""^\s*<\?xml[^>]+encoding\s*=\s*["']([a-zA-Z0-9_:.-]+)""")
_XHTML = re.compile(r"<\?xml |http://www\.w3\.org/1999/xhtml")
_EMPTY = re.compile(rf"<(?!(?:{_VOID})\b)([a-zA-Z][\w:-]*)((?:\s[^<>]*?)?)/>")
_HIDDEN_STYLE = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))", re.IGNORECASE
)
_SPACE = re.compile(r"[ \t\n\r\f]+")
_AROUND = frozenset(["header", "aside", "footer"])
_PARTS = _AROUND | {"main", "article", "section"}
_LABEL_WORDS = 4
_LABEL_CHARS = 60
_FACT = re.compile(r"\d\D?\d\D?\d\D?\d|@")
_SENTENCE_END = (".", "!", "?", "。", "！", "？", "।", "؟", "۔")
_MAX_SPAN = 100


def parse_html(data: bytes, draft: Draft) -> None:
    """Read a page; its title becomes the document's title."""
    text, _ = decode(data, declared_charset(data))
    add_html(close_empty_elements(text) if _XHTML.search(text[:2048]) else text, draft)


def declared_charset(data: bytes) -> str | None:
    """The charset that the first bytes of a page declare, if any."""
    head = data[:4096]
    found = _XML_ENCODING.search(head) or _CHARSET.search(head)
    return found.group(1).decode("ascii") if found else None


def close_empty_elements(text: str) -> str:
    """XHTML's <title/> as <title></title>: HTML would take the rest of the page for its content."""
    return _EMPTY.sub(r"<\1\2></\1>", text)


def add_html(text: str, draft: Draft, *, level: int = 0) -> None:
    """Add a page's blocks to the draft, its headings `level` deeper than they say."""
    text = text.replace("\x00", "")
    if _depth(text) > _MAX_DEPTH:
        draft.warn("HTML nested too deeply: its text was read without structure")
        _add_flat(text, draft)
        return
    root = LexborHTMLParser(text).root
    if root is None:
        return
    if not draft.title and (title := root.css_first("head title")) is not None:
        draft.title = " ".join(title.text().split())
    own = root.css_first("main, [role=main], article, h1")
    walker = _Walker(draft, level, has_own_part=own is not None)
    walker.read(root)


@dataclass(slots=True)
class _Table:
    """A table being read: rows of cells, and how many cells of its first row are header cells."""

    rows: list[list[str]] = field(default_factory=list)
    header_cells: int = 0
    pending: dict[int, int] = field(default_factory=dict)  # column -> rows a cell above still covers


@dataclass(slots=True)
class _Walker:
    """Walks the tree without recursion; text gathers in `parts` until a block ends."""

    draft: Draft
    level: int
    has_own_part: bool
    parts: list[str] = field(default_factory=list)
    preformatted: int = 0
    num_parts: int = 0  # that are open here: what stands in one belongs to it, not to the page
    tables: list[_Table] = field(default_factory=list)
    kinds: list[tuple[BlockKind, int]] = field(default_factory=lambda: [("text", 0)])

    def read(self, root: LexborNode) -> None:
        for node, entering in self._events(root):
            tag = node.tag or ""
            if tag == "-text":
                self._text(node.text_content or "")
            elif entering:
                self.num_parts += _is_part(node)
                self._enter(node, tag)
            else:
                self.num_parts -= _is_part(node)
                self._leave(tag)
        self._flush()

    def _events(self, root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
        node: LexborNode | None = root
        depth = 0
        while node is not None:
            down = None
            if node.tag == "-text":
                yield node, True
            elif not self._is_dropped(node):
                yield node, True
                down = node.child
                if down is None:
                    yield node, False
            if down is not None:
                node, depth = down, depth + 1
                continue
            while node is not None and node.next is None and depth > 0:
                node, depth = node.parent, depth - 1
                if node is not None:
                    yield node, False
            node = node.next if node is not None and depth > 0 else None

    def _is_dropped(self, node: LexborNode) -> bool:
        tag = node.tag or ""
        if tag.startswith(("-", "!")) or tag in _DROPPED or (tag == "nav" and self.has_own_part):
            return tag != "-document"
        is_of_page = self.has_own_part and not self.num_parts
        if is_of_page and tag in _AROUND and _says_nothing(node, self.draft.title):
            return True
        attributes = node.attributes
        if not attributes:
            return False
        style = attributes.get("style") or ""
        if "hidden" in attributes or (style and _HIDDEN_STYLE.search(style)):
            if attributes.get("hidden") == "until-found":
                return False
            self.draft.warn("hidden text was left out")
            return True
        return False

    def _text(self, text: str) -> None:
        self.parts.append(text if self.preformatted else _SPACE.sub(" ", text))

    def _enter(self, node: LexborNode, tag: str) -> None:
        if tag == "br":
            self.parts.append("\n")
        elif tag == "img":
            self.parts.append(_SPACE.sub(" ", " " + (node.attributes.get("alt") or "") + " "))
        elif self.tables:
            self._enter_in_table(node, tag)
        elif tag in _HEADINGS:
            self._open("heading", min(9, _HEADINGS[tag] + self.level))
        elif tag in _CODE:
            self._open("code")
            self.preformatted += 1
        elif tag == "table" and _is_data_table(node):
            self._flush()
            self.tables.append(_Table())
        elif tag in _LISTS:
            self._open("list")
        elif tag == "figcaption":
            self._open("figure")
        elif tag in _BLOCKS:
            self._flush()

    def _enter_in_table(self, node: LexborNode, tag: str) -> None:
        table = self.tables[-1]
        if tag == "tr":
            table.rows.append([])
        elif tag in ("td", "th"):
            if not table.rows:
                table.rows.append([])
            self.parts.clear()
            _cover(table)
            if tag == "th" and len(table.rows) == 1:
                table.header_cells += 1
            _remember_span(table, node)
        elif tag == "caption":
            self.parts.clear()
        elif tag in _BLOCKS or tag in _HEADINGS:
            self.parts.append(" ")

    def _leave(self, tag: str) -> None:
        if self.tables:
            self._leave_in_table(tag)
        elif tag in _HEADINGS or tag in _LISTS or tag == "figcaption":
            self._close()
        elif tag in _CODE:
            self.preformatted = max(0, self.preformatted - 1)
            self._close()
        elif tag in _BLOCKS:
            self._flush()
            if tag in ("ul", "ol", "dl"):
                self.draft.gap()

    def _leave_in_table(self, tag: str) -> None:
        table = self.tables[-1]
        if tag in ("td", "th"):
            text = " ".join("".join(self.parts).split())
            self.parts.clear()
            width = table.rows[-1].pop() if table.rows[-1] and table.rows[-1][-1].startswith("\x00") else ""
            table.rows[-1].append(text)
            table.rows[-1].extend([""] * (int(width[1:] or 1) - 1 if width else 0))
        elif tag == "caption":
            self.draft.add("text", " ".join("".join(self.parts).split()))
            self.parts.clear()
        elif tag == "table":
            self.tables.pop()
            self.parts.clear()
            num_cells = len(table.rows[0]) if table.rows else 0
            marked = table.header_cells > 1 or table.header_cells == num_cells > 0
            has_header = marked if table.header_cells else looks_like_header(table.rows)
            self.draft.gap()
            self.draft.table(table.rows, has_header=has_header and len(table.rows) > 1)

    def _open(self, kind: BlockKind, level: int = 0) -> None:
        self._flush()
        self.kinds.append((kind, level))

    def _close(self) -> None:
        self._flush()
        if len(self.kinds) > 1:
            self.kinds.pop()

    def _flush(self) -> None:
        text = "".join(self.parts)
        self.parts.clear()
        if not text.strip():
            return
        kind, level = self.kinds[-1]
        if kind == "heading":
            self.draft.heading(text, level)
        elif kind == "code":
            self.draft.add("code", text)
        else:
            lines = [" ".join(line.split(" ")).strip(" ") for line in text.split("\n")]
            for paragraph in paragraphs("\n".join(_SPACE.sub(" ", line) for line in lines)):
                self.draft.add(kind, paragraph, separator="\n" if kind == "list" else "\n\n")


def _is_part(node: LexborNode) -> bool:
    return node.tag in _PARTS or node.attributes.get("role") == "main"


def _says_nothing(node: LexborNode, title: str) -> bool:
    """Whether the words of a page's header, sidebar or footer are labels of a few words each, or the title
    again. Numbers and addresses say something."""
    if node.css_first("h1, main, article, table") is not None:
        return False
    for text in node.text(deep=True, separator="\x00").split("\x00"):
        label = " ".join(text.split())
        label = label.replace(title, "") if title else label
        if len(label.split()) > _LABEL_WORDS or len(label) > _LABEL_CHARS:
            return False
        if label.endswith(_SENTENCE_END) or _FACT.search(label):
            return False
    return True


def _is_data_table(node: LexborNode) -> bool:
    """A table of values; one that holds tables, headings or long lists lays out a page."""
    return node.css_first("table table, h1, h2, h3, h4, ul, ol, pre, form, dl") is None


def _cover(table: _Table) -> None:
    """Put an empty cell where a cell of a row above reaches down."""
    row = table.rows[-1]
    while table.pending.get(len(row), 0) > 0:
        table.pending[len(row)] -= 1
        row.append("")


def _remember_span(table: _Table, node: LexborNode) -> None:
    columns, rows = _span(node, "colspan"), _span(node, "rowspan")
    column = len(table.rows[-1])
    for covered in range(column, column + columns):
        if rows > 1:
            table.pending[covered] = rows - 1
    # The cell's width waits in the row until its text is known.
    table.rows[-1].append(f"\x00{columns}")


def _span(node: LexborNode, name: str) -> int:
    value = (node.attributes.get(name) or "").strip()
    return min(_MAX_SPAN, max(1, int(value))) if value.isascii() and value.isdigit() else 1


def _depth(text: str) -> int:
    """About the deepest nesting, from the tags alone."""
    depth = deepest = 0
    for found in _TAG.finditer(text):
        closing, empty = found.group(1), found.group(2)
        if closing:
            depth = max(0, depth - 1)
        elif not empty:
            depth += 1
            deepest = max(deepest, depth)
    return deepest


def _add_flat(text: str, draft: Draft) -> None:
    text = re.sub(r"(?is)<(script|style|noscript|template)\b.*?(?:</\1\s*>|\Z)", "\n\n", text)
    text = re.sub(r"(?s)<!--.*?(?:-->|\Z)", "", text)
    text = re.sub(r"</?[a-zA-Z!?][^<>]*>", "\n\n", text)
    for paragraph in paragraphs(entities.unescape(text)):
        draft.add("text", paragraph.strip())
