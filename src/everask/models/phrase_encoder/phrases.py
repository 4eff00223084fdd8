"""Cuts a text into some nine phrases, in any script, without a parser.

Words are ICU's. A phrase ends gladly at punctuation, and rather before a function word than elsewhere;
how long phrases are is weighed against where they end, over the whole text at once. After PSAN
(Wu et al., EMNLP 2018), which takes phrases from a parser.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from everask.text import words
from everask.text.normal import normalise
from everask.text.telling import weigh

Span = tuple[int, int]

_NUM_PHRASES = 7
_FEWEST_WORDS = 6
"""A phrase aims at a seventh of a text and so many words at least; gladness makes some nine of it."""
_LONGEST = 3.0
_FUNCTION_WEIGHT = 0.5

# What stands between two words, the strongest first, and how gladly a phrase ends there.
_ENDS: tuple[tuple[re.Pattern[str], float], ...] = (
    (re.compile(r"\n|[.!?…]['\"”’»)\]]*\s|[。！？｡．।॥؟۔።។]"), 0.6),
    (re.compile(r"[;:()\[\]«»“”„「」『』（）【】；：—–]|\s[-|]\s"), 0.4),
    (re.compile(r"[,，、،؛・‚]"), 0.3),
)
_BEFORE_FUNCTION_WORD = 0.15


def cut(text: str, language: str) -> list[Span]:
    """Spans of the phrases in order; they touch no word twice and leave none out."""
    found = words(text, language)
    if not found:
        return [(0, len(text))] if text.strip() else []
    goal = max(float(_FEWEST_WORDS), len(found) / _NUM_PHRASES)
    borders = _best_borders(_gladness(text, found), goal)
    return [(found[first][0], found[last - 1][1]) for first, last in pairwise(borders)]


def _gladness(text: str, found: Sequence[Span]) -> NDArray[np.float64]:
    """How gladly a phrase ends before each word, and at the end (W + 1)."""
    glad = np.zeros(len(found) + 1)
    are_function = [_is_function_word(text[start:end]) for start, end in found]
    for number in range(1, len(found)):
        between = text[found[number - 1][1] : found[number][0]]
        strength = next((value for ends, value in _ENDS if ends.search(between)), 0.0)
        if not strength and are_function[number] and not are_function[number - 1]:
            strength = _BEFORE_FUNCTION_WORD
        glad[number] = strength
    return glad


def _is_function_word(word: str) -> bool:
    token = normalise(word)
    return weigh([token])[token] < _FUNCTION_WEIGHT


def _best_borders(glad: NDArray[np.float64], goal: float) -> list[int]:
    """Where phrases begin, and the end: least squared deviation from the goal, less the gladness."""
    num_words, longest = len(glad) - 1, max(1, round(_LONGEST * goal))
    lengths = np.arange(1, longest + 1)
    costs = (lengths / goal - 1) ** 2
    best = np.full(num_words + 1, np.inf)
    best[0] = 0.0
    came_from = np.zeros(num_words + 1, np.int64)
    for end in range(1, num_words + 1):
        many = min(end, longest)
        totals = best[end - many : end][::-1] + costs[:many]
        shortest = int(np.argmin(totals))
        best[end] = totals[shortest] - glad[end]
        came_from[end] = end - 1 - shortest
    borders = [num_words]
    while borders[-1]:
        borders.append(int(came_from[borders[-1]]))
    return borders[::-1]
