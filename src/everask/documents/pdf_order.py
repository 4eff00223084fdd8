"""Right-to-left lines of a PDF, put from the order on the page into the order in which they read.

pdfium turns some of them round and leaves others, misplaces brackets and numbers, and splits
ligatures backwards; the boxes say where each character stands, so the line is read anew from them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from everask.documents.pdf_text import Glyph, Line

_OPENING = {"(": "(", ")": "(", "[": "[", "]": "[", "{": "{", "}": "{"}
_CLOSING = {"(": ")", ")": ")", "[": "]", "]": "]", "{": "}", "}": "}"}
_AFTER_CLOSING = frozenset(".,:;!?،؛؟")
_FINAL = frozenset("ةىךםןףץ")
_ALEFS = frozenset("اأإآ")
# Gaps, in parts of the font's size, that are too small for a space and too large for none.
_NARROW = 0.12
_WIDE = 0.3
_NARROW_IN_NUMBER = 0.25
_WIDE_IN_NUMBER = 0.5
_IN_NUMBERS = ".,:/"


def direction(character: str) -> str:
    """`R`, `A` (Arabic letter), `L`, `N` (digit), `M` (mark), or `-` for everything else."""
    kind = unicodedata.bidirectional(character)
    return {"R": "R", "AL": "A", "L": "L", "EN": "N", "AN": "N", "NSM": "M"}.get(kind, "-")


def order_lines(lines: list[Line]) -> None:
    """Put all right-to-left lines of a page into reading order, in place."""
    chosen = [line for line in lines if _reads_right_to_left(line)]
    if not chosen:
        return
    for line in chosen:
        line.right_to_left = True
        line.glyphs = _logical(_clusters(line), line.size)
    if _plausibility(line.text for line in chosen) < 0:
        # Drawn by a program that knows no right-to-left: the letters stand in typing order.
        for line in chosen:
            line.right_to_left = False
            line.glyphs = sorted(line.glyphs, key=lambda glyph: glyph.x)
            _turn_brackets(line.glyphs)


def _reads_right_to_left(line: Line) -> bool:
    kinds = [direction(glyph.text[0]) for glyph in line.glyphs]
    right = kinds.count("R") + kinds.count("A")
    return right > 0 and right >= 0.5 * kinds.count("L")


def _clusters(line: Line) -> list[Glyph]:
    """Letters with their marks, ligatures whole, as one glyph each; from right to left."""
    clusters: list[Glyph] = []
    marks: list[Glyph] = []
    for glyph in line.glyphs:
        if direction(glyph.text[0]) == "M" and not glyph.is_space:
            marks.append(glyph)
            continue
        text = glyph.text
        if 0xFB1D <= ord(text[0]) <= 0xFDFF or 0xFE70 <= ord(text[0]) <= 0xFEFC:
            text = unicodedata.normalize("NFKC", text)
        before = clusters[-1] if clusters else None
        if before is not None and not glyph.is_space and _same_box(before, glyph):
            before.text = _ligature(before.text, text)
        else:
            clusters.append(Glyph(text, glyph.left, glyph.top, glyph.right, glyph.bottom, glyph.x))
    for mark in marks:
        if host := _host(mark, clusters):
            host.text += mark.text
    return sorted(clusters, key=lambda glyph: (-glyph.x, glyph.is_space))


def _same_box(one: Glyph, other: Glyph) -> bool:
    same = abs(one.left - other.left) + abs(one.right - other.right) < 0.02
    return same and one.right - one.left > 0.1 and abs(one.top - other.top) < 0.02


def _ligature(before: str, after: str) -> str:
    """A split ligature comes in either order; lam stands before alef, never after it in one glyph."""
    joined = before + after
    backwards = before[-1:] in _ALEFS and after[:1] == "ل"
    return after + before if backwards or joined in ("هلل", "هللا") else joined


def _host(mark: Glyph, clusters: list[Glyph]) -> Glyph | None:
    middle = (mark.left + mark.right) / 2
    bases = [glyph for glyph in clusters if not glyph.is_space]
    return min(bases, key=lambda glyph: abs((glyph.left + glyph.right) / 2 - middle), default=None)


def _logical(glyphs: list[Glyph], size: float) -> list[Glyph]:
    """From right-to-left as seen to as read: runs of Latin words and numbers are turned back."""
    glyphs = _without_stray_spaces(glyphs, size)
    kinds = [direction(glyph.text[0]) for glyph in glyphs]
    arabic = "A" in kinds
    result: list[Glyph] = []
    at = 0
    while at < len(glyphs):
        if kinds[at] not in "LN":
            result.append(glyphs[at])
            at += 1
            continue
        end = _run_end(glyphs, kinds, at, arabic)
        result.extend(reversed(glyphs[at:end]))
        at = end
    _turn_brackets(result)
    return result


def _turn_brackets(glyphs: list[Glyph]) -> None:
    """Whether a bracket opens or closes is told by its place: some programs mirror them, some do not."""
    is_open = False
    for at, glyph in enumerate(glyphs):
        if glyph.text not in _OPENING:
            continue
        before = glyphs[at - 1] if at else None
        after = glyphs[at + 1] if at + 1 < len(glyphs) else None
        begins = before is None or before.is_space
        ends = after is None or after.is_space or after.text in _AFTER_CLOSING
        is_open = begins if begins != ends else not is_open
        glyph.text = (_OPENING if is_open else _CLOSING)[glyph.text]


def _run_end(glyphs: list[Glyph], kinds: list[str], start: int, arabic: bool) -> int:
    """Where a left-to-right run ends: at a right-to-left letter, without neutrals at its edge.

    A run of digits alone goes on only over the marks that hold a number together; a hyphen does so
    beside Hebrew, but not beside Arabic, where each number of a date stands for itself.
    """
    end = start + 1
    has_latin = kinds[start] == "L"
    for at in range(start + 1, len(glyphs)):
        if kinds[at] in "RA":
            break
        if kinds[at] in "LN":
            between = "".join(glyph.text for glyph in glyphs[end:at])
            allowed = ".,:/" if arabic else ".,:/-+"
            holds = not between or (len(between) == 1 and between in allowed)
            if not (has_latin or kinds[at] == "L" or holds):
                break
            has_latin = has_latin or kinds[at] == "L"
            end = at + 1
    return end


def _without_stray_spaces(glyphs: list[Glyph], size: float) -> list[Glyph]:
    """One space at most between words, and none where the letters leave no room for it."""
    kept: list[Glyph] = []
    for at, glyph in enumerate(glyphs):
        if glyph.is_space:
            after = next((item for item in glyphs[at:] if not item.is_space), None)
            if not kept or kept[-1].is_space or after is None:
                continue
            narrow = _NARROW_IN_NUMBER if _is_number(kept[-1], after) else _NARROW
            if kept[-1].left - after.right < narrow * size:
                continue
        elif kept and not kept[-1].is_space and kept[-1].left - glyph.right > _widest(kept[-1], glyph) * size:
            last = kept[-1]
            kept.append(Glyph(" ", last.left, last.top, last.left, last.bottom, last.left))
        kept.append(glyph)
    while kept and kept[-1].is_space:
        kept.pop()
    return kept


def _is_number(right: Glyph, left: Glyph) -> bool:
    """Whether two neighbours may stand in one number; its commas and ones leave wide gaps."""
    pair = left.text + right.text
    return any(one.isdigit() for one in pair) and all(one.isdigit() or one in _IN_NUMBERS for one in pair)


def _widest(right: Glyph, left: Glyph) -> float:
    return _WIDE_IN_NUMBER if _is_number(right, left) else _WIDE


def _plausibility(texts: Iterable[str]) -> int:
    """Letters that only end words, and the Arabic article that only begins them: right minus wrong."""
    score = 0
    for text in texts:
        for word in text.split():
            letters = [character for character in word if direction(character) in ("R", "A")]
            if len(letters) < 3:
                continue
            score += (letters[-1] in _FINAL) - (letters[0] in _FINAL)
            score += letters[:2] == ["ا", "ل"]
            score -= letters[-2:] == ["ل", "ا"]
    return score
