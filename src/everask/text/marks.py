"""Highlights: the spans of a text that a query's tokens meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from everask.text.characters import RunKind, runs
from everask.text.normal import normalise
from everask.text.segment import dictionary_words
from everask.text.stems import keeps_beginning
from everask.text.tokens import cluster_spans, word_forms

_SHORT = 3


def _unspaced(run: str, kind: RunKind, wanted: frozenset[str], language: str) -> Iterator[tuple[int, int]]:
    """Spans of one run of an unspaced script that a word or, in Chinese and Japanese, a bigram meets."""
    plain = normalise(run)
    if len(plain) != len(run):  # half-width kana and the like: positions do not carry over
        if any(token in plain for token in wanted):
            yield (0, len(run))
    elif kind == "sea":
        for start, end in dictionary_words(plain, language):
            if plain[start:end] in wanted:
                yield (start, end)
    else:
        for start in range(len(plain) - 1):
            if plain[start : start + 2] in wanted:
                yield (start, start + 2)


def _clusters(run: str, wanted: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Spans of neighbouring clusters: for words that the dictionary divides in another way here."""
    plain = normalise(run)
    if len(plain) == len(run):
        for left, right in pairwise(cluster_spans(plain)):
            if plain[left[0] : right[1]] in wanted:
                yield (left[0], right[1])


def _single(run: str, wanted: frozenset[str]) -> Iterator[tuple[int, int]]:
    for start, character in enumerate(normalise(run)):
        if character in wanted and start < len(run):
            yield (start, start + 1)


def _is_function_word(word: str) -> bool:
    """Short words, if they are no acronyms, are mostly articles and prepositions."""
    return len(word) <= _SHORT and (word.islower() or word.istitle())


def _spans(text: str, wanted: frozenset[str], language: str) -> Iterator[tuple[int, int]]:
    has_longer = any(len(token) > 1 and token.isalpha() for token in wanted)
    has_words = any(len(token) > _SHORT for token in wanted)
    # Most words are told apart by their first letter, at a fifth of the cost of their forms.
    first = frozenset(token[0] for token in wanted if token) if keeps_beginning(language) else None
    for start, end, kind in runs(text):
        run = text[start:end]
        if kind == "word":
            if first is not None and run[0].lower() not in first and run.isascii() and run.isalpha():
                continue
            is_noise = has_words and _is_function_word(run)
            if not is_noise and not wanted.isdisjoint(word_forms(run, language)):
                yield (start, end)
            continue
        spans = _unspaced(run, kind, wanted, language) if has_longer else _single(run, wanted)
        yield from ((start + a, start + b) for a, b in spans)


def mark(text: str, query_tokens: Sequence[str], language: str) -> tuple[tuple[int, int], ...]:
    """Spans of `text` whose analysis meets the query's tokens, in order, touching ones joined.

    Short function words and single characters are marked only when the query has nothing longer.
    """
    wanted = frozenset(query_tokens)
    found = list(_spans(text, wanted, language))
    if not found:
        for start, end, kind in runs(text):
            if kind == "sea":
                found.extend((start + a, start + b) for a, b in _clusters(text[start:end], wanted))
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
