"""A document as it is shown: the part that holds the quote, its blocks, and the page's picture with boxes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from everask.serve.page_images import Rectangle, has_pictures, line_boxes
from everask.serve.rendering import Piece, pieces
from everask.serve.schema import place_url
from everask.types import Block, BlockKind, Document, Page

PART_CHARS = 40_000
EXCERPT_CHARS = 1_200
LONG_LINE = 45
MAX_HEADINGS = 400
MAX_HEADING = 160
LINE_END = re.compile(r"[^\S\n]*\n\s*")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class BlockView:
    """A block, or the rows of a table: `rows` of `cells` of pieces. Other kinds have one row of one cell."""

    kind: BlockKind
    level: int
    rows: tuple[tuple[tuple[Piece, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class PictureView:
    """A page's picture and the boxes of the marked words on it, in points."""

    url: str
    width: float
    height: float
    boxes: tuple[Rectangle, ...]


@dataclass(frozen=True, slots=True)
class PartView:
    """What is shown of a document: part `number` of `total` (pages, or stretches of text)."""

    number: int
    total: int
    is_page: bool
    blocks: tuple[BlockView, ...]
    picture: PictureView | None
    mark: Span | None
    cut_before: bool = False
    cut_after: bool = False


def part_view(document: Document, mark: Span | None, number: int | None) -> PartView:
    """The part of a document that holds the mark, or that was asked for by number, from 1."""
    mark = _within(document, mark)
    if has_pictures(document):
        page = _page_at(document.pages, mark[0]) if mark else _page_numbered(document.pages, number)
        blocks = _views(document, page.start, page.end, mark)
        picture = _picture(document, page, mark)
        return PartView(page.number, len(document.pages), True, blocks, picture, mark)
    parts = _cut(document)
    chosen = bisect_right([start for start, _ in parts], mark[0]) if mark else number or 1
    chosen = max(1, min(chosen, len(parts)))
    start, end = parts[chosen - 1]
    return PartView(chosen, len(parts), False, _views(document, start, end, mark), None, mark)


@dataclass(frozen=True, slots=True)
class HeadingView:
    """A heading of the outline: its words, how deep it is from 1, and where it leads."""

    text: str
    level: int
    url: str


def outline(document: Document) -> list[HeadingView]:
    """The document's headings in order; none where there is only one."""
    found = [
        HeadingView(
            " ".join(document.text[one.start : one.end].split())[:MAX_HEADING],
            max(1, min(one.level, 4)),
            place_url(document.id, one.start, one.end),
        )
        for one in document.blocks
        if one.kind == "heading" and document.text[one.start : one.end].strip()
    ]
    return found[:MAX_HEADINGS] if len(found) > 1 else []


def excerpt_view(document: Document, mark: Span | None) -> PartView:
    """The mark with what stands around it, for the pane beside an answer."""
    mark = _within(document, mark) or (0, 0)
    start, end = max(0, mark[0] - EXCERPT_CHARS), min(len(document.text), mark[1] + EXCERPT_CHARS)
    picture, number = None, 1
    if has_pictures(document):
        page = _page_at(document.pages, mark[0])
        picture, number = _picture(document, page, mark), page.number
    chosen = [one for one in _blocks(document) if one.end > start and one.start < end]
    if chosen:
        # Whole blocks read better, unless they are very long.
        start = max(chosen[0].start, start - EXCERPT_CHARS)
        end = min(chosen[-1].end, end + EXCERPT_CHARS)
    return PartView(
        number,
        len(document.pages),
        picture is not None,
        _views(document, start, end, mark),
        picture,
        mark,
        start > 0,
        end < len(document.text.rstrip()),
    )


def parse_mark(text: str) -> Span | None:
    """`12-45` as a span; None for anything else."""
    first, dash, last = text.partition("-")
    if dash and all(one.isascii() and one.isdigit() and len(one) < 12 for one in (first, last)):
        return (int(first), int(last)) if int(first) < int(last) else None
    return None


def _within(document: Document, mark: Span | None) -> Span | None:
    if mark is None or mark[0] >= len(document.text):
        return None
    return (mark[0], min(mark[1], len(document.text)))


def _page_at(pages: tuple[Page, ...], place: int) -> Page:
    return pages[max(0, bisect_right([page.start for page in pages], place) - 1)]


def _page_numbered(pages: tuple[Page, ...], number: int | None) -> Page:
    return next((page for page in pages if page.number == number), pages[0])


def _picture(document: Document, page: Page, mark: Span | None) -> PictureView:
    url = f"/api/documents/{document.id}/pages/{page.number}.png"
    boxes = tuple(line_boxes(page.words, *mark)) if mark else ()
    return PictureView(url, page.width, page.height, boxes)


def _blocks(document: Document) -> tuple[Block, ...]:
    return document.blocks or (Block("text", 0, len(document.text)),)


def _cut(document: Document) -> list[Span]:
    """Stretches of whole blocks, of about PART_CHARS; a longer block is a part of its own, cut again."""
    parts: list[Span] = []
    start = end = 0
    for block in _blocks(document):
        if block.end - start > PART_CHARS and end > start:
            parts.append((start, end))
            start = block.start
        end = block.end
        while end - start > 2 * PART_CHARS:
            parts.append((start, start + PART_CHARS))
            start += PART_CHARS
    parts.append((start, end))
    return parts


def _views(document: Document, start: int, end: int, mark: Span | None) -> tuple[BlockView, ...]:
    chosen = [one for one in _blocks(document) if one.end > start and one.start < end]
    return tuple(_grouped(document.text, chosen, (start, end), [mark] if mark else []))


def _grouped(text: str, blocks: Iterable[Block], part: Span, marks: list[Span]) -> Iterator[BlockView]:
    """Blocks as views; neighbouring rows of a table become one."""
    for _, group in groupby(blocks, key=_table_of):
        members = list(group)
        if members[0].kind == "table":
            yield BlockView("table", 0, tuple(_row(text, one, marks) for one in members))
            continue
        for one in members:
            first, last = max(one.start, part[0]), min(one.end, part[1])
            parts = pieces(text[first:last], marks, first)
            if one.kind in {"text", "list"} and _is_broken_to_fit(text[first:last]):
                parts = tuple(replace(part, text=LINE_END.sub(" ", part.text)) for part in parts)
            yield BlockView(one.kind, one.level, ((parts,),))


def _is_broken_to_fit(text: str) -> bool:
    """Whether a paragraph's lines were broken to fit a page, unlike those of a poem or an address."""
    lines = [len(line.strip()) for line in text.split("\n")[:-1]]
    return bool(lines) and sum(lines) / len(lines) >= LONG_LINE


def _table_of(block: Block) -> Span | None:
    """What tells one table from the next: its header row, of which the header itself is a part."""
    if block.kind != "table":
        return None
    return block.header or (block.start, block.end)


def _row(text: str, block: Block, marks: list[Span]) -> tuple[tuple[Piece, ...], ...]:
    cells = []
    place = block.start
    for cell in text[block.start : block.end].split(" | "):
        cells.append(pieces(cell, marks, place))
        place += len(cell) + 3
    return tuple(cells)
