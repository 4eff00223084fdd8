"""Words that stand over columns in many languages, by what they mean, and words that ask for nothing.

A question in one language names columns in another: "Einwohner" is "Population". The lines are short lists
of common column names; whatever is not here is left to the encoder, or to a refusal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import cast

from everask.text import analyse
from everask.text.telling import weigh

_SIGNS = "?？!！.。,，:：;；"


def meanings(word: str) -> frozenset[int]:
    """Which lines of the lexicon a word belongs to: numbers that are equal for words of equal meaning."""
    plain = word.casefold().strip(_SIGNS)
    exact, stems = _index()
    found = set(exact.get(plain, ()))
    for token in analyse(plain, "und"):
        found |= exact.get(token, frozenset())
    if not found and len(plain) > 5:
        for length in range(len(plain) - 1, max(4, len(plain) - 4), -1):
            if found := set(stems.get(plain[:length], ())):
                break
    if not found and len(plain) > 8:  # compounds: "Gesamtfläche"
        endings = (plain[start:] for start in range(3, len(plain) - 4))
        found = next((set(exact[ending]) for ending in endings if ending in exact), set())
    return frozenset(found)


def phrase_spans(text: str) -> list[tuple[int, int, int]]:
    """Where words of scripts without spaces stand in a text, longest first, with what they mean."""
    found: list[tuple[int, int, int]] = []
    for known, number in _unspaced():
        start = text.find(known)
        while start >= 0:
            end = start + len(known)
            longer = [one for one in found if one[1] - one[0] > len(known)]
            if not any(first <= start and end <= last for first, last, _ in longer):
                found.append((start, end, number))
            start = text.find(known, end)
    return found


def says_nothing(word: str, tokens: Iterable[str]) -> bool:
    """Whether a word only holds a question together."""
    plain = word.casefold().strip(_SIGNS)
    weights = weigh(tokens).values()
    return not plain or plain in _fillers() or (bool(weights) and max(weights) < 0.4)


@cache
def _index() -> tuple[dict[str, frozenset[int]], dict[str, frozenset[int]]]:
    exact: dict[str, set[int]] = {}
    stems: dict[str, set[int]] = {}
    for number, line in enumerate(lexicon_lines("same")):
        for word in line.casefold().split():
            exact.setdefault(word, set()).add(number)
            for length in range(5, len(word)):
                if len(word) - length <= 3:
                    stems.setdefault(word[:length], set()).add(number)
    return (
        {word: frozenset(found) for word, found in exact.items()},
        {word: frozenset(found) for word, found in stems.items() if len(found) == 1},
    )


@cache
def _unspaced() -> list[tuple[str, int]]:
    found = [
        (word, number)
        for number, line in enumerate(lexicon_lines("same"))
        for word in line.split()
        if "\u0e00" <= word[0] <= "\u0e7f" or word[0] >= "\u2e80"
    ]
    return sorted(found, key=lambda one: -len(one[0]))


def turns(word: str) -> bool:
    """Whether a word turns a condition round or singles something out: "not", "except", "only"."""
    return word.casefold() in _turning()


@cache
def _turning() -> frozenset[str]:
    return frozenset(" ".join(lexicon_lines("turning")).split())


@cache
def _fillers() -> frozenset[str]:
    return frozenset(" ".join(lexicon_lines("nothing")).casefold().split())


@cache
def lexicon_lines(part: str) -> list[str]:
    """A part of the word lists: "same", "nothing", "due" and so on."""
    file = resources.files("everask.answer.whole") / "lexicon.json"
    return cast(dict[str, list[str]], json.loads(file.read_text("utf-8")))[part]
