"""Highlights: the spans of a text that a query's tokens meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from everask.text.characters import RunKind, runs
from everask.text.normal import normalise
from everask.text.segment import dictionary_words
from everask.text.tokens import word_forms


def _unspaced(run: str, kind: RunKind, wanted: frozenset[str], language: str) -> Iterator[tuple[int, int]]:
    """Spans of one run of an unspaced script; single characters only when the query has nothing longer."""
    plain = normalise(run)
    if len(plain) != len(run):  # half-width kana and the like: positions do not carry over
        if any(token in plain for token in wanted):
            yield (0, len(run))
        return
    if kind == "sea":
        for start, end in dictionary_words(plain, language):
            if plain[start:end] in wanted:
                yield (start, end)
        return
    for start in range(len(plain) - 1):
        if plain[start : start + 2] in wanted:
            yield (start, start + 2)


def _single(run: str, wanted: frozenset[str]) -> Iterator[tuple[int, int]]:
    for start, character in enumerate(normalise(run)):
        if character in wanted and start < len(run):
            yield (start, start + 1)


def mark(text: str, query_tokens: Sequence[str], language: str) -> tuple[tuple[int, int], ...]:
    """Spans of `text` whose analysis meets the query's tokens, in order, touching ones joined."""
    wanted = frozenset(query_tokens)
    has_longer = any(len(token) > 1 and token.isalpha() for token in wanted)
    found: list[tuple[int, int]] = []
    for start, end, kind in runs(text):
        run = text[start:end]
        if kind == "word":
            if not wanted.isdisjoint(word_forms(run, language)):
                found.append((start, end))
            continue
        spans = _unspaced(run, kind, wanted, language) if has_longer else _single(run, wanted)
        found.extend((start + a, start + b) for a, b in spans)
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
