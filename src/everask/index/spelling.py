"""How the documents spell a word that stands in none of them.

A stem is no suggestion: what is suggested was seen, as a word, in a passage that the asker may read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
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
NUM_TRIED = 5

Count = Callable[[Sequence[str]], dict[str, int]]


@dataclass(frozen=True, slots=True)
class Speller:
    """What is needed to spell: a connection, the vocabulary, how many passages have a token, and what holds
    of the passages that the asker may read."""

    connection: Connection
    vocabulary: Vocabulary
    count: Count
    conditions: Sequence[ColumnElement[bool]]

    def spell(self, word: str) -> str | None:
        """The likeliest spelling of a word that is in no passage; None without a likely one."""
        plain = without_accents(normalise(word))
        if not SHORT <= len(plain) <= MOST_LETTERS or any(map(str.isdigit, plain)):
            return None
        near = self.vocabulary.near(plain, 2 if len(plain) >= LONG else 1)[:MAX_LOOKED_AT]
        counts = self.count([one for one, _ in near])
        # The first letter is seldom the wrong one; then what is nearer, then what is more frequent.
        near.sort(key=lambda pair: (pair[1], pair[0][0] != plain[0], -counts.get(pair[0], 0), pair[0]))
        tried = [one for one, _ in near if one in counts][:NUM_TRIED]
        return next((form for one in tried if (form := self._seen(one, lower=word.islower()))), None)

    def _seen(self, token: str, *, lower: bool) -> str | None:
        """How a word is written in passages; None for what is only the stem of words."""
        inside = select(passages.c.data).join_from(passages, documents)
        query = inside.where(passages.c.id.in_(lexical.holding(token)), *self.conditions).limit(MAX_SEEN)
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
