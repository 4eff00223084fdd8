"""A question taken apart for tables: its words, what asks for an operation, and what is accounted for."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from everask.answer.whole.lexicon import meanings, phrase_spans, says_nothing, turns
from everask.answer.whole.operations import (
    Compared,
    Operation,
    find_comparisons,
    find_groups,
    find_operations,
    find_range,
    find_top,
)
from everask.text import analyse, words
from everask.text.telling import weigh

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the question with its span, its index tokens, its meanings, and how much it tells."""

    start: int
    end: int
    text: str
    tokens: frozenset[str]
    meanings: frozenset[int]
    weight: float
    filler: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in one language. Spans are into `text`, which is NFKC; `folded` has its length."""

    text: str
    folded: str
    language: str
    words: tuple[Word, ...]
    operations: tuple[tuple[int, int, Operation], ...]
    comparisons: tuple[Compared, ...]
    group: tuple[int, int] | None
    top: tuple[int, int, int] | None
    range: tuple[int, int, int, int] | None = None

    def between(self, start: int, end: int) -> set[int]:
        """The numbers of the words that lie, for the most part, in a span."""
        return {
            number
            for number, word in enumerate(self.words)
            if min(end, word.end) - max(start, word.start) > (word.end - word.start) / 2
        }


@dataclass(slots=True)
class Account:
    """Which words are accounted for so far, and how much of that the table's own words do."""

    asked: Asked
    covered: set[int] = field(default_factory=set)
    told: float = 0.0

    def take(self, numbers: set[int], *, tells: bool = False) -> None:
        """Account for some words; `tells` when the table has them."""
        if tells:
            self.told += sum(self.asked.words[number].weight for number in numbers - self.covered)
        self.covered |= numbers

    def left(self) -> list[Word]:
        """The words that nothing accounts for, but those that only hold a question together."""
        return [
            word
            for number, word in enumerate(self.asked.words)
            if number not in self.covered and not word.filler
        ]


def take_apart(text: str, language: str) -> Asked:
    """Words, operations, comparisons and groups of a question."""
    plain = unicodedata.normalize("NFKC", text)
    folded = "".join(lower if len(lower := one.casefold()) == 1 else one for one in plain)
    spans = phrase_spans(folded)
    found = [_word(plain, start, end, language, spans) for start, end in words(plain, language)]
    return Asked(
        plain,
        folded,
        language,
        tuple(found),
        tuple(find_operations(folded)),
        tuple(find_comparisons(folded)),
        find_groups(folded),
        find_top(folded),
        find_range(folded),
    )


def _word(text: str, start: int, end: int, language: str, phrases: list[tuple[int, int, int]]) -> Word:
    word = text[start:end]
    tokens = frozenset(analyse(word, language)) | frozenset(analyse(word, "en"))
    meant = meanings(word) | {number for first, last, number in phrases if first < end and start < last}
    weight = max(weigh(tokens).values(), default=0.0)
    filler = says_nothing(word, tokens) and not turns(word)
    is_figure = bool(_NUMBER.fullmatch(word))
    return Word(start, end, word, tokens, frozenset(meant), max(weight, 0.05), filler and not is_figure)
