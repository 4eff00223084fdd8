"""Cuts hits into what can be cited: sentences, and rows of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from everask.text import sentences
from everask.types import Hit

# A sentence longer than this is no use as a quote; it is cut at the last pause before the limit.
MAX_QUOTE_CHARS = 600
# What a sentence that ends in a colon announces belongs to its quote: so many lines, and characters in all.
_MAX_ANNOUNCED = 6
_ANNOUNCES = (":", "：", "︰")
_PAUSE = re.compile(r"[;；,，、:：—–]\s*|\s+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence or row. `start` and `end` are offsets into `hit.passage.text`.

    `rank` is the hit's place from 0, `around` the sentences beside it, `context` what is shown with it.
    """

    hit: Hit
    rank: int
    ordinal: int
    start: int
    end: int
    around: str
    context: str

    @property
    def text(self) -> str:
        return self.hit.passage.text[self.start : self.end]


def quote_end(candidate: Candidate) -> int:
    """Where the quote of a sentence ends: behind the lines that it announces with a colon, if it does."""
    text, end = candidate.hit.passage.text, candidate.end
    if candidate.hit.passage.kind == "table" or not candidate.text.endswith(_ANNOUNCES):
        return end
    for line in text[end : candidate.start + MAX_QUOTE_CHARS].splitlines(keepends=True)[: _MAX_ANNOUNCED + 1]:
        if not line.endswith("\n") and end + len(line) < len(text):
            break  # cut by the limit
        end += len(line)
    return candidate.start + len(text[candidate.start : end].rstrip())


def list_candidates(hits: Sequence[Hit]) -> list[Candidate]:
    """Every sentence or row of the hits, in the hits' order; a text that comes twice is taken once."""
    seen: set[str] = set()
    found: list[Candidate] = []
    for rank, hit in enumerate(hits):
        for candidate in _split_hit(hit, rank):
            key = " ".join(candidate.text.casefold().split())
            if key not in seen:
                seen.add(key)
                found.append(candidate)
    return found


def _split_hit(hit: Hit, rank: int) -> Iterator[Candidate]:
    passage = hit.passage
    headings = " > ".join(passage.headings)
    if passage.kind == "table":
        rows = list(_lines(passage.text))
        shown = [line for line in passage.indexed.splitlines() if line.strip()]
        if len(rows) == len(shown) + 1:
            # The header is not indexed for itself, and answers nothing.
            rows = rows[1:]
        aligned = len(shown) == len(rows)
        for number, (start, end) in enumerate(rows):
            # A row as it is indexed carries the header beside each value.
            row = shown[number] if aligned else ""
            yield Candidate(hit, rank, number, start, end, row, _join(headings, row))
        return
    spans = [
        span for one in sentences(passage.text, passage.language) for span in _shorten(passage.text, one)
    ]
    for number, (start, end) in enumerate(spans):
        near = spans[max(0, number - 1) : number] + spans[number + 1 : number + 2]
        around = " ".join(passage.text[a:b] for a, b in near)
        yield Candidate(hit, rank, number, start, end, around, headings)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    for match in re.finditer(r"[^\n]+", text):
        line = match.group()
        stripped = line.strip()
        if stripped:
            start = match.start() + line.index(stripped)
            yield (start, start + len(stripped))


def _shorten(text: str, span: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The span, or pieces of it that are short enough to be quotes."""
    start, end = span
    while end - start > MAX_QUOTE_CHARS:
        pauses = [
            match.end()
            for match in _PAUSE.finditer(text, start + MAX_QUOTE_CHARS // 2, start + MAX_QUOTE_CHARS)
        ]
        cut = pauses[-1] if pauses else start + MAX_QUOTE_CHARS
        yield _trim(text, start, cut)
        start = cut
    if text[start:end].strip():
        yield _trim(text, start, end)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return (start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()))


def _join(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
