"""ROUGE-1, ROUGE-2 and ROUGE-L (F1), over lower-case words with light stems; Lin 2004."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from everask.text.stems import stem

_WORD = re.compile(r"[a-z0-9]+")


def rouge(made: str, gold: str) -> tuple[float, float, float]:
    """ROUGE-1, -2 and -L of one English summary against one reference."""
    one, other = (tokens(text) for text in (made, gold))
    return (_overlap(one, other, 1), _overlap(one, other, 2), _longest(one, other))


def tokens(text: str) -> list[str]:
    """Words as ROUGE compares them."""
    return [stem(word, "en") for word in _WORD.findall(text.lower())]


def _overlap(one: Sequence[str], other: Sequence[str], size: int) -> float:
    left, right = (
        Counter(tuple(words[at : at + size]) for at in range(len(words) - size + 1)) for words in (one, other)
    )
    return _f1((left & right).total(), left.total(), right.total())


def _longest(one: Sequence[str], other: Sequence[str]) -> float:
    row = [0] * (len(other) + 1)
    for word in one:
        before = 0
        for at, against in enumerate(other, 1):
            before, row[at] = row[at], before + 1 if word == against else max(row[at], row[at - 1])
    return _f1(row[-1], len(one), len(other))


def _f1(shared: int, made: int, gold: int) -> float:
    return 2 * shared / (made + gold) if made + gold else 0.0
