"""The smallest pieces that a passage is made of: sentences of prose, rows of tables, lines of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from everask.ingest.size import count_tokens
from everask.text import clean, sentences
from everask.types import Block, Document

_PARAGRAPH = re.compile(r"\S(?:.*\S)?(?:\n[^\S\n]*\S.*)*")
_LINE = re.compile(r"[^\n]*\S[^\n]*")
_SPACE = re.compile(r"\s")
_HYPHEN_AT_LINE_END = re.compile(r"(?<=[^\W\d_])[-\u2010\u00ad]\n\s*(?=[^\W\d_])")
_CELL = " | "
_BETWEEN_CELLS = re.compile(r" \|(?: |$)")  # a row that ends in an empty cell has lost its last space


@dataclass(frozen=True, slots=True)
class Unit:
    """A span of the document's text, what is indexed of it, its tokens and the block that it is in.

    `opens` marks the first unit of a block, before which a passage may well end.
    """

    start: int
    end: int
    indexed: str
    tokens: int
    block: Block
    opens: bool


def blocks_of(document: Document) -> list[Block]:
    """The document's blocks in reading order; its paragraphs, where the reader gave none."""
    if document.blocks:
        return sorted(document.blocks, key=lambda block: (block.start, block.end))
    return [Block("text", match.start(), match.end()) for match in _PARAGRAPH.finditer(document.text)]


def indexed_text(text: str) -> str:
    """What is indexed of prose: cleaned, words that a line's end divided put together."""
    return clean(_HYPHEN_AT_LINE_END.sub("", text))


def indexed_row(document: Document, block: Block) -> str:
    """A table's row with each cell beside its header: `Region: EMEA | Revenue: 4.2`."""
    cells = _BETWEEN_CELLS.split(document.text[block.start : block.end])
    if block.header is None:
        return clean(_CELL.join(cells))
    headers = _BETWEEN_CELLS.split(document.text[block.header[0] : block.header[1]])
    named = []
    for number, cell in enumerate(cells):
        value = clean(cell)
        name = clean(headers[number]) if number < len(headers) else ""
        if value:
            named.append(f"{name}: {value}" if name and name != value else value)
    return _CELL.join(named)


def _cut(text: str, start: int, end: int, most: int) -> Iterator[tuple[int, int]]:
    """Pieces of a stretch that has no sentences, at spaces where there are some."""
    size = max(most, most * (end - start) // max(1, count_tokens(text[start:end])))
    begin = start
    while end - begin > size:
        spaces = [match.start() for match in _SPACE.finditer(text, begin + size // 2, begin + size)]
        stop = spaces[-1] if spaces else begin + size
        yield (begin, stop)
        begin = stop
        while begin < end and text[begin].isspace():
            begin += 1
    if begin < end:
        yield (begin, end)


def _spans(document: Document, block: Block) -> list[tuple[int, int]]:
    text = document.text[block.start : block.end]
    if block.kind == "code":
        found = [match.span() for match in _LINE.finditer(text)]
    elif block.kind in ("table", "heading"):
        found = [(0, len(text))]
    else:
        found = sentences(text, document.language)
    return [(block.start + start, block.start + end) for start, end in found]


def units_of(document: Document, block: Block, most: int) -> Iterator[Unit]:
    """A block's units, none longer than `most` tokens."""
    opens = True
    for start, end in _spans(document, block):
        is_row = block.kind == "table"
        indexed = indexed_row(document, block) if is_row else indexed_text(document.text[start:end])
        tokens = count_tokens(indexed)
        if tokens <= most:
            yield Unit(start, end, indexed, tokens, block, opens)
            opens = False
            continue
        for first, last in _cut(document.text, start, end, most):
            part = indexed_text(document.text[first:last])
            yield Unit(first, last, part, count_tokens(part), block, opens)
            opens = False


def join_indexed(units: list[Unit], text: str) -> str:
    """The indexed text of neighbouring units: lines where the document has lines, else sentences."""
    parts = [units[0].indexed]
    for left, right in pairwise(units):
        is_line = right.opens or right.block.kind in ("table", "code", "list")
        separator = "\n" if is_line else (" " if right.start > left.end else "")
        parts.append(separator + right.indexed)
    return "".join(parts) or clean(text)
