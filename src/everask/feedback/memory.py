"""Query memory: what was judged for questions like this one, as one figure a passage.

Everybody's own judgements count in full for themselves. Those of others count by person and not by act,
and more when more people agree: ten thousand votes of one person are one person's opinion. One click says
little, but what many open for the very same question is hardly wrong. Knows nothing of where judgements are
kept, or of who may read what.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

NEAR, SAME = 0.6, 0.9
"""Questions whose cosine is below the first have nothing to do with each other; from the second on they ask
the same. Between them the trust grows with the square. Measured: bench/query_memory.py."""
CLICK = 0.3
"""Judgements of less weight are clicks."""
DOUBT = 1.0
"""The opinion of nobody in particular: one other person's word is worth half."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """One judgement of a passage: `likeness` is the cosine of its question with the one that is asked now,
    1 where they are the same."""

    passage: int
    user: int | None
    weight: float
    likeness: float


def recall(found: Iterable[Remembered], asker: int | None) -> Mapping[int, float]:
    """How well passages answered questions like this one, -1 to 1, by passage; the rest is left out."""
    by_person: dict[int, dict[int | None, float]] = defaultdict(dict)
    clicks: dict[int, dict[int | None, float]] = defaultdict(dict)
    for one in found:
        if 0 < one.weight < CLICK and trust(one.likeness) == 1.0:
            clicks[one.passage][one.user] = one.weight
        said = one.weight * trust(one.likeness)
        known = by_person[one.passage].get(one.user, 0.0)
        if abs(said) > abs(known):
            by_person[one.passage][one.user] = said
    recalled = {passage: _agree(said, clicks[passage], asker) for passage, said in by_person.items()}
    return {passage: value for passage, value in recalled.items() if value}


def trust(likeness: float) -> float:
    """How far what answered one question is believed to answer another, 0 to 1."""
    return min(1.0, max(0.0, (likeness - NEAR) / (SAME - NEAR))) ** 2


def _agree(said: Mapping[int | None, float], clicks: Mapping[int | None, float], asker: int | None) -> float:
    others = [value for user, value in said.items() if user != asker]
    shared = sum(others) / (len(others) + DOUBT)
    # As if each click were right so often, and told nothing of the others.
    by_clicks = 1.0 - math.prod(1.0 - value for user, value in clicks.items() if user != asker)
    if by_clicks > 0:
        judged = [value for user, value in said.items() if user != asker and user not in clicks]
        votes = sum(judged) / (len(judged) + DOUBT)
        shared = max(shared, votes + (1.0 - abs(votes)) * by_clicks)
    return max(-1.0, min(1.0, said.get(asker, 0.0) + shared))
