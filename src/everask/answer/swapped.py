"""Whether a sentence has a verb where its quote has the opposite: "insert a note" for "delete a note".

A small model likes to put the question's verb into a quote that speaks of another, and the checker believes
it. Where a word stands does not tell opposites from verbs that say the same, nor does the checker
(dev/LOG.md), so opposites.json lists them by hand: two sides a line, which exclude each other. Laid beside
each other, sentence and quote must have them at one place. Only within one language; what turns a sentence
round ("A sends to B", "B receives from A") mostly stands elsewhere, and passes; where it does not, the quote
stands in its place.
"""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib import resources

from everask.answer.negation import denies_at
from everask.text import analyse, words

# Longer pieces are worded anew: nothing there stands in the place of anything.
_LONGEST = 6
# Words of the sentence times words of the quote: beyond it, repeated words cost seconds.
_MOST_PAIRS = 60_000
_UNSPACED = frozenset(["zh", "ja", "th"])
# Languages whose words carry particles that no stemmer takes off, and those that have some in front.
_ATTACHED, _IN_FRONT = frozenset(["ar", "he", "fa", "ko"]), frozenset(["ar", "he"])
# "Important" has the stem of "import" in English and in Romance languages.
_ALIKE = re.compile("importan")
# 非表示 is not 表示, nor เปิด ปิด.
_BEFORE_ANOTHER = "非不未無无เ"
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Text:
    """Words as they are folded, and the tokens of each."""

    folded: str
    tokens: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class _Side:
    """One of two opposites: the tokens of its single words, and what else is looked for in the text."""

    tokens: frozenset[str]
    pattern: re.Pattern[str]

    def count(self, text: _Text) -> int:
        """How often a text says it."""
        whole = sum(1 for _ in self.pattern.finditer(text.folded))
        return whole + sum(not self.tokens.isdisjoint(one) for one in text.tokens)


def opposite_words(sentence: str, quote: str, language: str) -> tuple[str, str] | None:
    """What `sentence` says and `quote` has in its place, where they are opposites; None where none are.

    What the quote says as often elsewhere may have been taken from there; "not closed" may be said as "open",
    so where exactly one of the two denies it, negation.py decides.
    """
    said, quoted = _read(sentence, language), _read(quote, language)
    likely = [
        (one, other)
        for one, other in _sides(language)
        if other.count(quoted) and one.count(said) > one.count(quoted)
    ]
    if not likely:
        return None
    for new, old in _exchanged(sentence, quote, language):
        pieces = sentence[slice(*new)], quote[slice(*old)]
        here, there = (_read(one, language) for one in pieces)
        for one, other in likely:
            if one.count(here) <= one.count(there) or other.count(there) <= other.count(here):
                continue
            if denies_at(sentence, *new, language) == denies_at(quote, *old, language):
                return pieces
    return None


def _read(text: str, language: str) -> _Text:
    found = (frozenset(analyse(text[start:end], language)) for start, end in words(text, language))
    return _Text(_fold(text), tuple(one for one in found if not any(map(_ALIKE.match, one))))


def _exchanged(sentence: str, quote: str, language: str) -> Iterator[tuple[Span, Span]]:
    """Where pieces of the sentence are, and those of the quote that stand in their place; with a word on
    either side, for "turn off" is two. Nothing of texts that are too long to be laid beside each other."""
    said, quoted = words(sentence, language), words(quote, language)
    keys = [_key(sentence[start:end], language) for start, end in said]
    others = [_key(quote[start:end], language) for start, end in quoted]
    if len(keys) * len(others) > _MOST_PAIRS:
        return
    for tag, low, high, first, last in SequenceMatcher(None, keys, others, autojunk=False).get_opcodes():
        if tag == "replace" and max(high - low, last - first) <= _LONGEST:
            yield _around(said, low, high), _around(quoted, first, last)


def _around(places: Sequence[Span], low: int, high: int) -> Span:
    return places[max(0, low - 1)][0], places[min(high, len(places) - 1)][1]


def _key(word: str, language: str) -> str:
    """What is alike in the forms of a word: its stem, the shortest of its tokens."""
    return word if language in _UNSPACED else min(analyse(word, language), key=len, default="")


@functools.cache
def _sides(language: str) -> list[tuple[_Side, _Side]]:
    """The language's opposites, both ways round."""
    pairs: list[tuple[_Side, _Side]] = []
    for line in _load().get(language, ()):
        one, other = (_side(half.split(), language) for half in line.split("|"))
        pairs += [(one, other), (other, one)]
    return pairs


def _side(forms: list[str], language: str) -> _Side:
    is_whole = language not in _UNSPACED | _ATTACHED
    single = [one for one in forms if is_whole and "_" not in one]
    patterns = [_pattern(_fold(one.replace("_", " ")), language) for one in forms if one not in single]
    tokens = {token for one in single for token in analyse(one, language)}
    return _Side(frozenset(tokens), re.compile("|".join(patterns) or r"(?!)"))


def _pattern(form: str, language: str) -> str:
    if language in _UNSPACED:
        return rf"(?<![{_BEFORE_ANOTHER}]){re.escape(form)}"
    before = r"(?<!\w)\w{0,3}" if language in _IN_FRONT else r"(?<!\w)"
    after = "" if language == "ko" else r"\w{0,4}(?!\w)" if language in _ATTACHED else r"(?!\w)"
    return before + re.escape(form) + after


@functools.cache
def _load() -> dict[str, list[str]]:
    file = resources.files("everask.answer") / "opposites.json"
    table: dict[str, list[str]] = json.loads(file.read_text("utf-8"))
    return table


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
