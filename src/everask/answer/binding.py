"""Whether a figure stands beside the words that it stands beside in the quote.

"It weighs 24 kg and lifts 300 kg" must not come from "weighs 300 kg, lifts 24 kg": each figure is there, in
another place. So the words near a figure are looked for near each figure of its kind in the quote. Only
within a language, for words are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from everask.text import analyse, words
from everask.text.telling import weigh

# A figure's neighbours: so many words on either side, those of little weight left out.
_NUM_NEIGHBOURS = 5
_TELLING = 0.2
_REACH = 2.0
# Another figure must have the words nearer by this much.
_MARGIN = 1.2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a figure or date stands, and what kind it is: only what is of a kind can be confused."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    tokens: frozenset[str]
    weight: float


@dataclass(frozen=True, slots=True)
class _Near:
    tokens: frozenset[str]
    weight: float
    distance: int


def is_misplaced(
    said: Place, sentence: str, quote: str, same: Sequence[Place], others: Sequence[Place], language: str
) -> bool:
    """Whether the words around `said` are nearer to one of the `others` in the quote than to the `same`."""
    if not same or not others:
        return False
    near = _neighbours(said, sentence, language)
    if not near:
        return False
    quoted = _words(quote, language)
    score = _scorer(near, quoted)
    best = max(score(one) for one in same)
    return max(score(one) for one in others) > _MARGIN * best + 0.02


def _scorer(near: Sequence[_Near], quoted: Sequence[_Word]) -> Callable[[Place], float]:
    places = [(one, [at for at, word in enumerate(quoted) if word.tokens & one.tokens]) for one in near]

    def score(place: Place) -> float:
        """How well the words stand around a place: as near as in the sentence is near enough."""
        first = sum(word.start < place.start for word in quoted)
        behind = sum(word.start < place.end for word in quoted)
        total = 0.0
        for one, found in places:
            away = min((max(first - 1 - at, at - behind, 0) for at in found), default=None)
            if away is not None:
                total += one.weight / (1 + max(0, away - one.distance) / _REACH)
        return total

    return score


def _neighbours(said: Place, sentence: str, language: str) -> list[_Near]:
    found = _words(sentence, language)
    left = [one for one in found if one.start < said.start][-_NUM_NEIGHBOURS:][::-1]
    right = [one for one in found if one.start >= said.end][:_NUM_NEIGHBOURS]
    return [
        _Near(one.tokens, one.weight / (1 + distance / _REACH), distance)
        for side in (left, right)
        for distance, one in enumerate(side)
    ]


def _words(text: str, language: str) -> list[_Word]:
    found = []
    for start, end in words(text, language):
        tokens = frozenset(analyse(text[start:end], language))
        if not tokens or any(one.isdigit() for one in text[start:end]):
            continue
        weight = max(weigh(tokens).values())
        if weight > _TELLING:
            found.append(_Word(start, tokens, weight))
    return found
