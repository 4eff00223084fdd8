"""How the documents spell a word that stands in none of them.

A stem is no suggestion: what is suggested was seen, as a word, in a passage that the asker may read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select

from everask.errors import StoreError
from everask.index import lexical
from everask.index.blobs import unpack_terms
from everask.index.schema import documents, passages
from everask.index.vocabulary import MOST_LETTERS, Vocabulary
from everask.text import words
from everask.text.normal import normalise, without_accents

SHORT = 5
"""Letters from which a word may have a slip: shorter words are too near to one another."""
LONG = 8
"""Letters from which it may have two."""
MAX_LOOKED_AT = 40
MAX_SEEN = 12
MAX_SPELLED = 8  # words of one query
NUM_TRIED = 5
UNKNOWN = "und"
_PREFIX = 2
_NEGATING = frozenset("aα")

Count = Callable[[Sequence[str]], dict[str, int]]


@dataclass(frozen=True, slots=True)
class Speller:
    """What is needed to spell: a connection, the vocabulary, how many passages have a token, what holds of
    the passages that the asker may read, and the language of what was typed."""

    connection: Connection
    vocabulary: Vocabulary
    count: Count
    conditions: Sequence[ColumnElement[bool]]
    language: str

    def spell_all(self, asked: Mapping[str, Sequence[str]], most: int) -> dict[str, str]:
        """Words (with their tokens) that are in no passage, as they are spelled where that is likely; the
        vocabulary follows by as much as `most` passages."""
        unknown = [word for word, tokens in asked.items() if not self.count(tokens)]
        if not unknown:
            return {}
        self.vocabulary.follow(self.connection, most)
        found = {word: self.spell(word) for word in unknown[:MAX_SPELLED]}
        return {word: spelled for word, spelled in found.items() if spelled}

    def spell(self, word: str) -> str | None:
        """The likeliest spelling of a word that is in no passage; None without a likely one."""
        plain = without_accents(normalise(word))
        if not SHORT <= len(plain) <= MOST_LETTERS or any(map(str.isdigit, plain)):
            return None
        near = self.vocabulary.near(plain, 2 if len(plain) >= LONG else 1)
        near = [pair for pair in near if not _is_another_beginning(plain, pair[0])][:MAX_LOOKED_AT]
        counts = self.count([one for one, _ in near])
        # The first letter is seldom the wrong one; then what is nearer, then what is more frequent.
        near.sort(key=lambda pair: (pair[1], pair[0][0] != plain[0], -counts.get(pair[0], 0), pair[0]))
        tried = [one for one, _ in near if one in counts][:NUM_TRIED]
        return next((form for one in tried if (form := self._seen(one, lower=word.islower()))), None)

    def _seen(self, token: str, *, lower: bool) -> str | None:
        """How a word is written in passages; None for what is only the stem of words."""
        inside = select(passages.c.data).join_from(passages, documents)
        query = inside.where(passages.c.id.in_(lexical.holding(token)), *self.conditions).limit(MAX_SEEN)
        if lower and self.language != UNKNOWN:
            query = query.where(passages.c.language.in_((self.language, UNKNOWN)))
        forms: Counter[str] = Counter()
        for data in self.connection.scalars(query):
            try:
                text = unpack_terms(data).indexed
            except StoreError:
                continue
            for start, end in words(text, "und"):
                if without_accents(normalise(text[start:end])) == token:
                    forms[text[start:end]] += 1
        small = {form: number for form, number in forms.items() if form.islower()}
        chosen = small if lower and small else forms
        return max(chosen, key=lambda form: (chosen[form], form)) if chosen else None


def _is_another_beginning(typed: str, word: str) -> bool:
    """Whether two words differ in a prefix alone: `unbalanced` and `balanced`, `increase` and `decrease`.

    That is seldom a slip, and mostly the opposite.
    """
    same = 0
    while same < min(len(typed), len(word)) and typed[-1 - same] == word[-1 - same]:
        same += 1
    mine, others = typed[: len(typed) - same], word[: len(word) - same]
    if max(len(mine), len(others)) > _PREFIX:
        return False
    if not mine or not others:
        # One letter left out at the beginning, but for one that negates, or typed twice, is a slip.
        return mine != word[0] and (len(others) != 1 or others in _NEGATING)
    other_letters = mine[0] != others[0] and sorted(mine) != sorted(others)
    return len(mine) == len(others) == _PREFIX and other_letters
