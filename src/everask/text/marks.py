"""Highlights: the spans of a text that a query's tokens meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from everask.text.characters import runs
from everask.text.normal import normalise
from everask.text.segment import dictionary_words
from everask.text.tokens import word_forms


def _unspaced(run: str, wanted: frozenset[str], language: str, *, is_cjk: bool) -> Iterator[tuple[int, int]]:
    plain = normalise(run)
    if len(plain) != len(run):  # half-width kana and the like: positions do not carry over
        if any(token in plain for token in wanted):
            yield (0, len(run))
        return
    if not is_cjk:
        for start, end in dictionary_words(plain, language):
            if plain[start:end] in wanted:
                yield (start, end)
    for size in (1, 2):
        for start in range(len(plain) - size + 1):
            if plain[start : start + size] in wanted:
                yield (start, start + size)


def mark(text: str, query_tokens: Sequence[str], language: str) -> tuple[tuple[int, int], ...]:
    """Spans of `text` whose analysis meets the query's tokens, in order, touching ones joined."""
    wanted = frozenset(query_tokens)
    found: list[tuple[int, int]] = []
    for start, end, kind in runs(text):
        run = text[start:end]
        if kind == "word":
            if not wanted.isdisjoint(word_forms(run, language)):
                found.append((start, end))
        else:
            spans = _unspaced(run, wanted, language, is_cjk=kind == "cjk")
            found.extend((start + a, start + b) for a, b in spans)
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
