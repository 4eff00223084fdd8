"""Questions made from passages of one's own documents, without a model, in any language.

A sentence with something to ask for (a number, a name, a code, what stands in quotation marks) gives the
answer and, by the words that tell most of its others, the question. Real questions share fewer words with
their answer: some of the words are therefore left out. Knows passages' texts only.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from everask.evaluate.exact import spans_of
from everask.evaluate.suite import Item
from everask.text import analyse, sentences, words
from everask.text.telling import weigh

_LEAST_CHARS, _MOST_CHARS = 40, 500
_LEAST_WORDS, _MOST_WORDS = 3, 7
_KEPT = 0.6
_DENSE = frozenset({"zh", "ja", "th", "ko", "km", "lo", "my"})
# A letter says so much more where words are not written with many of them.
_DENSE_SHARE = 3


@dataclass(frozen=True, slots=True)
class Made:
    """A question, the sentence that it was made of (offsets into the passage's text), and the string that
    answers it; empty where the sentence as a whole does."""

    text: str
    language: str
    answer: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Seed:
    """A sentence that can be asked for: its place in the passage's text, and the string that answers."""

    start: int
    end: int
    answer: str


def find_seeds(text: str, language: str) -> list[Seed]:
    """The sentences of a text that something can be asked of; with an answer where one stands out, else the
    sentences that are long enough."""
    least = _LEAST_CHARS // (_DENSE_SHARE if language in _DENSE else 1)
    spans = [(start, end) for start, end in sentences(text, language) if least <= end - start <= _MOST_CHARS]
    seeds = []
    for start, end in spans:
        found = list(dict.fromkeys(one for _, one in spans_of(Item(text[start:end], language, ""))))
        # What stands in several sentences tells none of them.
        alone = [one for one in found if text.count(one) == 1]
        seeds += [Seed(start, end, one) for one in alone[:1]]
    return seeds or [Seed(start, end, "") for start, end in spans]


def make_question(text: str, language: str, draw: random.Random) -> Made | None:
    """A question that the passage answers; None where it holds no sentence that can be asked for."""
    seeds = find_seeds(text, language)
    draw.shuffle(seeds)
    for seed in seeds:
        asked = _telling_words(text[seed.start : seed.end], seed.answer, language, draw)
        if asked:
            return Made(asked, language, seed.answer, seed.start, seed.end)
    return None


def _telling_words(sentence: str, answer: str, language: str, draw: random.Random) -> str:
    """Part of a sentence's words, those that tell most more likely, in their order; "" if too few."""
    rest = sentence.replace(answer, " ") if answer else sentence
    places = words(rest, language)
    told = {place: _weight(rest[place[0] : place[1]], language) for place in places}
    telling = [place for place in places if told[place] > 0.2]
    if len(telling) < _LEAST_WORDS:
        return ""
    num = min(_MOST_WORDS, max(_LEAST_WORDS, round(_KEPT * len(telling))))
    # Efraimidis and Spirakis: drawn without replacement, by weight.
    ranked = sorted(telling, key=lambda place: -(draw.random() ** (1 / told[place])))
    kept = sorted(ranked[:num])
    joiner = "" if language in ("zh", "ja", "th") else " "
    return joiner.join(rest[start:end] for start, end in kept)


def _weight(word: str, language: str) -> float:
    tokens = analyse(word, language)
    return max(weigh(tokens).values(), default=0.0) if tokens and any(map(str.isalnum, word)) else 0.0


def is_fair(question: str, answer: str, sentence: str, language: str) -> bool:
    """Whether a question that was written for a sentence neither holds the answer nor copies the sentence."""
    if answer and answer.casefold() in question.casefold():
        return False
    asked, told = set(analyse(question, language)), set(analyse(sentence, language))
    return len(asked) >= 2 and len(asked & told) < 0.95 * len(told)


def spread(groups: Sequence[Sequence[int]], num: int) -> list[int]:
    """At most `num` members, one of each group in turn, so that no group outweighs the others."""
    taken: list[int] = []
    depth = 0
    while len(taken) < num and any(len(group) > depth for group in groups):
        taken += [group[depth] for group in groups if len(group) > depth]
        depth += 1
    return taken[:num]
