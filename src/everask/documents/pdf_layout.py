"""Lines of a PDF page into blocks: columns, paragraphs, headings, list items, table rows.

Works on boxes alone. Line-end hyphens of split words become soft hyphens, so that the word is whole
once it is cleaned; a hyphen that the text also has inside a line stays.
"""

from __future__ import annotations

import bisect
import functools
import itertools
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from everask.documents.pdf_text import Glyph, Line
from everask.types import BlockKind

_BULLET = re.compile(r"(?:[•‣◦⁃∙–—*·\u25a0-\u25ff\u2713-\u27bf-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s")
_SYMBOL = re.compile(r"[•‣◦⁃∙–—*·\u25a0-\u25ff\u2713-\u27bf-]\s")
_LEADER = re.compile(r"(?:\.\s?){4,}\s*[\divxlc]*$")
_ENDS = tuple('.!?:;。！？：；।॥؟۔…”"')
_GAP = 2.0  # of the font's size: a gap this wide parts columns or cells
_MAX_CELL_CHARS = 60
_MAX_HEADING_CHARS = 200
_COMPOUND = re.compile(r"\w+-\w+")


@dataclass(slots=True)
class PdfBlock:
    """One block: glyphs as they read, with a None where two cells of a row are parted."""

    kind: BlockKind
    glyphs: list[Glyph | None]
    level: int = 0
    starts_table: bool = False
    size: float = 0.0


@dataclass(slots=True)
class Sizes:
    """Font sizes of a document: the body's, and those of headings, largest first."""

    body: float = 0.0
    headings: tuple[float, ...] = ()

    def level(self, line: Line) -> int:
        """The heading depth of a line by its size, or 0."""
        for depth, size in enumerate(self.headings, start=1):
            if abs(line.size - size) <= 0.25:
                return depth
        if self.headings and line.size > self.headings[0]:
            return 1
        return 0


@dataclass(slots=True)
class Compounds:
    """Hyphenated words that stand inside lines: their hyphens are part of the word."""

    words: set[str] = field(default_factory=set)

    def learn(self, lines: Sequence[Line]) -> None:
        """Note the compounds of a page."""
        for line in lines:
            text = line.text
            if "-" in text:
                self.words.update(word.lower() for word in _COMPOUND.findall(text))


def measure_sizes(lines: Sequence[Line]) -> Sizes:
    """The size that most characters have, and clearly larger ones that few have."""
    weight: dict[float, int] = {}
    for line in lines:
        weight[line.size] = weight.get(line.size, 0) + len(line.glyphs)
    if not weight:
        return Sizes()
    body = max(weight, key=lambda size: weight[size])
    total = sum(weight.values())
    larger = [size for size, count in weight.items() if size >= body * 1.12 and count < 0.3 * total]
    merged: list[float] = []
    for size in sorted(larger, reverse=True):
        if not merged or merged[-1] - size > 0.5:
            merged.append(size)
    return Sizes(body, tuple(merged[:6]))


def build_blocks(lines: Sequence[Line], sizes: Sizes, compounds: Compounds) -> Iterator[PdfBlock]:
    """Yield a page's blocks in reading order."""
    spacing = _line_spacing(lines)
    paragraph: list[Line] = []
    for group in _groups(_in_order(_split_rows(lines))):
        if len(group) > 1:
            yield from _flush(paragraph, sizes, compounds)
            paragraph = []
            yield from _table(group)
            continue
        for line in group[0]:
            if paragraph and _is_break(paragraph, line, sizes, spacing):
                yield from _flush(paragraph, sizes, compounds)
                paragraph = []
            paragraph.append(line)
    yield from _flush(paragraph, sizes, compounds)


def _split_rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Each line as the pieces between its wide gaps, in reading order."""
    rows: list[list[Line]] = []
    for line in lines:
        cuts = _wide_gaps(line)
        pieces: list[list[Glyph]] = [[] for _ in range(len(cuts) + 1)]
        for glyph in line.glyphs:
            at = bisect.bisect(cuts, (glyph.left + glyph.right) / 2)
            pieces[-1 - at if line.right_to_left else at].append(glyph)
        rows.append([_piece(line, glyphs) for glyphs in pieces if any(not g.is_space for g in glyphs)])
    return _join_rows([row for row in rows if row])


def _wide_gaps(line: Line) -> list[float]:
    """Where wide gaps of a line are, from left to right."""
    gaps: list[float] = []
    reach = float("inf")
    for glyph in sorted((glyph for glyph in line.glyphs if not glyph.is_space), key=lambda g: g.left):
        if glyph.left - reach > _GAP * max(line.size, 4.0):
            gaps.append((reach + glyph.left) / 2)
        reach = glyph.right if reach == float("inf") else max(reach, glyph.right)
    return gaps


def _piece(line: Line, glyphs: list[Glyph]) -> Line:
    while glyphs[-1].is_space:
        glyphs.pop()
    while glyphs[0].is_space:
        glyphs.pop(0)
    return Line(glyphs, line.size, line.bold, line.hyphenated, line.white, line.right_to_left)


def _join_rows(rows: list[list[Line]]) -> list[list[Line]]:
    """Short pieces that pdfium gave one after another although they stand in one row."""
    joined: list[list[Line]] = []
    for row in rows:
        if joined and len(row) == 1 and _same_row(joined[-1], row[0]):
            joined[-1].append(row[0])
        else:
            joined.append(row)
    return joined


def _same_row(row: list[Line], line: Line) -> bool:
    last = row[-1]
    overlap = min(last.bottom, line.bottom) - max(last.top, line.top)
    height = min(last.bottom - last.top, line.bottom - line.top)
    apart = max(line.left - last.right, last.left - line.right) > max(line.size, 4.0) * 0.8
    short = len(line.glyphs) <= _MAX_CELL_CHARS and all(len(p.glyphs) <= _MAX_CELL_CHARS for p in row)
    return overlap > 0.6 * height and apart and short


def _groups(rows: list[list[Line]]) -> Iterator[list[list[Line]]]:
    """Rows that make a table together; any other row comes alone, as its pieces one by one."""
    table: list[list[Line]] = []
    for row in rows:
        if len(row) > 1 and all(len(piece.glyphs) <= _MAX_CELL_CHARS for piece in row):
            if table and not _follows(table[-1], row):
                yield from _table_or_lines(table)
                table = []
            table.append(row)
            continue
        yield from _table_or_lines(table)
        table = []
        for piece in row:
            yield [[piece]]
    yield from _table_or_lines(table)


def _table_or_lines(rows: list[list[Line]]) -> Iterator[list[list[Line]]]:
    if len(rows) >= 2:
        yield rows
    elif rows:
        yield [_one_line(rows[0])]


def _one_line(row: list[Line]) -> list[Line]:
    """A lone row is no table: its pieces are one line again."""
    glyphs: list[Glyph] = []
    for piece in row:
        if glyphs:
            glyphs.append(Glyph(" ", *_end_of(glyphs[-1])))
        glyphs.extend(piece.glyphs)
    return [Line(glyphs, row[0].size, row[0].bold, row[-1].hyphenated, row[0].white, row[0].right_to_left)]


def _end_of(glyph: Glyph) -> tuple[float, float, float, float, float]:
    return (glyph.right, glyph.top, glyph.right, glyph.bottom, glyph.x)


def _follows(above: list[Line], below: list[Line]) -> bool:
    distance = min(line.top for line in below) - min(line.top for line in above)
    return 0 <= distance < 4 * max(line.bottom - line.top for line in above) + 2 * above[0].size


def _table(rows: list[list[Line]]) -> Iterator[PdfBlock]:
    for number, row in enumerate(rows):
        glyphs: list[Glyph | None] = []
        for piece in row:
            if glyphs:
                glyphs.append(None)
            glyphs.extend(piece.glyphs)
        yield PdfBlock("table", glyphs, starts_table=number == 0, size=row[0].size)


def _in_order(rows: list[list[Line]]) -> list[list[Line]]:
    """Rows as the file gives them, unless it jumps up and down; then column by column."""
    jumps = 0
    for above, below in itertools.pairwise(rows):
        overlaps = min(above[-1].right, below[-1].right) > max(above[0].left, below[0].left)
        jumps += overlaps and below[0].bottom < above[0].top
    wide = sum(1 for row in rows if len(row) > 1 and any(len(p.glyphs) > _MAX_CELL_CHARS // 2 for p in row))
    if wide > 3 and wide > 0.3 * len(rows):
        return _cut([[piece] for row in rows for piece in row], 0)
    if jumps <= 0.03 * len(rows):
        return rows
    return _cut(rows, 0)


def _cut(rows: list[list[Line]], depth: int) -> list[list[Line]]:
    """Recursive cuts along empty space: first between columns, then between bands."""
    if len(rows) < 2 or depth > 12:
        return rows
    for upright in (True, False):
        parts = _parts(rows, upright)
        if len(parts) > 1:
            return [row for part in parts for row in _cut(part, depth + 1)]
    return sorted(rows, key=lambda row: (row[0].top, row[0].left))


def _parts(rows: list[list[Line]], upright: bool) -> list[list[list[Line]]]:
    def low(row: list[Line]) -> float:
        return min(piece.left if upright else piece.top for piece in row)

    def high(row: list[Line]) -> float:
        return max(piece.right if upright else piece.bottom for piece in row)

    size = statistics.median(row[0].size for row in rows)
    needed = size * (1.0 if upright else 0.9)
    parts: list[list[list[Line]]] = []
    reach = float("-inf")
    for row in sorted(rows, key=low):
        if not parts or low(row) - reach > needed:
            parts.append([])
        parts[-1].append(row)
        reach = max(reach, high(row))
    return parts


def _line_spacing(lines: Sequence[Line]) -> float:
    steps = [
        below.bottom - above.bottom
        for above, below in itertools.pairwise(lines)
        if 0 < below.bottom - above.bottom < 4 * max(below.size, 1) and abs(below.size - above.size) < 0.5
    ]
    return statistics.median(steps) if steps else 0.0


def _is_break(paragraph: list[Line], line: Line, sizes: Sizes, spacing: float) -> bool:
    """Does a new paragraph begin at this line?"""
    last = paragraph[-1]
    size = max(last.size, line.size, 1.0)
    if abs(last.size - line.size) > 0.15 * size or sizes.level(last) != sizes.level(line):
        return True
    step = line.bottom - last.bottom
    if step <= 0 or min(last.right, line.right) <= max(last.left, line.left):
        # A new column or page part: the paragraph goes on when its sentence does.
        return not (
            last.hyphenated or (step < -size and not last.text.endswith(_ENDS) and line.text[:1].islower())
        )
    if step > max(1.35 * spacing, 1.2 * size) and step > spacing + 0.3 * size:
        return True
    if (_BULLET.match(line.text) or _LEADER.search(last.text)) and not last.hyphenated:
        return True
    if last.bold != line.bold and (len(paragraph) == 1 or line.bold):
        return not last.hyphenated and (last.text.endswith(_ENDS) or last.right < line.right - 2 * size)
    right = max(item.right for item in paragraph[-6:])
    ended = last.text.endswith(_ENDS)
    indented = line.left > min(item.left for item in paragraph[-6:]) + 0.9 * size
    return ended and (indented or last.right < max(right, line.right) - 6 * size)


def _flush(paragraph: list[Line], sizes: Sizes, compounds: Compounds) -> Iterator[PdfBlock]:
    if not paragraph:
        return
    glyphs: list[Glyph | None] = []
    for line in paragraph:
        if glyphs:
            _join(glyphs, line, compounds)
        glyphs.extend(line.glyphs)
    first = paragraph[0]
    level = _level(paragraph, sizes)
    short = len(glyphs) <= _MAX_HEADING_CHARS and len(paragraph) <= 4
    worded = sum(1 for glyph in glyphs if glyph and glyph.text[0].isalpha()) >= 2
    if level and short and worded:
        yield PdfBlock("heading", glyphs, level, size=first.size)
        return
    listed = _BULLET.match(first.text) or _LEADER.search(first.text)
    kind: BlockKind = "list" if listed else "text"
    yield PdfBlock(kind, glyphs, size=first.size)


def _level(paragraph: list[Line], sizes: Sizes) -> int:
    """The heading depth of a paragraph: by its size, or the lowest for one or two bold lines."""
    first, last = paragraph[0], paragraph[-1]
    if level := sizes.level(first):
        return level
    if len(paragraph) > 2 or not all(line.bold for line in paragraph):
        return 0
    ended = last.text.endswith((".", "。", ",", ";", ":"))
    small = first.size < sizes.body * 0.95
    return 0 if ended or small or _SYMBOL.match(first.text) else len(sizes.headings) + 1


def _join(glyphs: list[Glyph | None], line: Line, compounds: Compounds) -> None:
    """Put between two lines what belongs there: a space, nothing, or a soft hyphen."""
    last, after = glyphs[-1], line.glyphs[0]
    if last is None:
        return
    if last.text in ("-", "\u2010", "\u00ad") and len(glyphs) > 1:
        before = glyphs[-2]
        if before is not None and before.text[-1].isalpha() and after.text[0].islower():
            word = _last_word(glyphs) + _first_word(line)
            if word.replace("\u2010", "-").lower() not in compounds.words:
                last.text = "\u00ad"
        return
    if is_unspaced(last.text[-1]) and is_unspaced(after.text[0]):
        return
    glyphs.append(Glyph(" ", *_end_of(last)))


def _last_word(glyphs: Sequence[Glyph | None]) -> str:
    letters: list[str] = []
    for glyph in reversed(glyphs):
        if glyph is None or glyph.is_space:
            break
        letters.append(glyph.text)
    return "".join(reversed(letters)).lstrip("(\"'“‘«[")


def _first_word(line: Line) -> str:
    return line.text.split(maxsplit=1)[0].rstrip(".,;:!?)\"'”’»]")


@functools.lru_cache(maxsize=20_000)
def is_unspaced(character: str) -> bool:
    """Is it of a script that is written without spaces between words?"""
    code = ord(character)
    return (
        0x2E80 <= code <= 0x312F
        or 0x3190 <= code <= 0x9FFF
        or 0xF900 <= code <= 0xFAFF
        or 0xFF00 <= code <= 0xFF9F
        or 0x20000 <= code <= 0x3FFFF
        or 0x0E00 <= code <= 0x0EFF
        or 0x1000 <= code <= 0x109F
        or 0x1780 <= code <= 0x17FF
    )
