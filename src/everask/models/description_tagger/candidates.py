"""Other wordings that a topic may have: pieces of its own, and phrases that mark the texts it has."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from everask.text import words

MAX_PHRASES = 8
MAX_WORDS = 2
_MIN_LETTERS = 2
_PARTS = re.compile(r"[:;,，、；：。.!?？！\n]+")
_SMOOTH = 0.5


def extracts(wording: str) -> list[str]:
    """The parts between a wording's signs, and what is left without the first or the last of them."""
    parts = [one.strip() for one in _PARTS.split(wording) if one.strip()]
    found = [*parts, ", ".join(parts[1:]), ", ".join(parts[:-1])] if len(parts) > 1 else []
    return [one for one in dict.fromkeys(found) if one and one != wording]


def key_phrases(texts: Sequence[str], others: Sequence[str], language: str) -> list[str]:
    """Words and pairs of words that stand in more of these texts than of the others, the best first: by the
    logarithm of the ratio of their shares, times how many of these texts have them."""
    here, there = _count(texts, language), _count(others, language)
    scored = {
        phrase: number
        * math.log((number + _SMOOTH) / (len(texts) + 1) * (len(others) + 1) / (there[phrase] + _SMOOTH))
        for phrase, number in here.items()
        if number > 1 or len(texts) == 1
    }
    best = sorted(scored, key=lambda one: (-scored[one], one))
    chosen: list[str] = []
    for phrase in best:
        if scored[phrase] > 0 and not any(phrase in one or one in phrase for one in chosen):
            chosen.append(phrase)
        if len(chosen) == MAX_PHRASES:
            break
    return chosen


def _count(texts: Sequence[str], language: str) -> Counter[str]:
    """In how many texts each phrase stands."""
    counted: Counter[str] = Counter()
    for text in texts:
        counted.update(set(_phrases(text.lower(), language)))
    return counted


def _phrases(text: str, language: str) -> Iterator[str]:
    spans = words(text, language)
    for at, (start, _) in enumerate(spans):
        for size in range(1, MAX_WORDS + 1):
            if at + size > len(spans):
                break
            phrase = text[start : spans[at + size - 1][1]]
            if sum(map(str.isalpha, phrase)) >= _MIN_LETTERS * size and "\n" not in phrase:
                yield phrase
