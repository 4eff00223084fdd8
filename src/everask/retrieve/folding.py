"""Near-copies among hits, put behind the best of them: one text in five folders is one result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from everask.text import analyse
from everask.types import Hit

NEAR = 0.85
"""The share of their tokens that two passages have in common. Tokens with figures must be the same: last
year's prices are no copy of this year's."""
LEAST_TOKENS = 8


@dataclass(frozen=True, slots=True)
class Folded:
    """A hit, and the hits after it that say nearly the same."""

    hit: Hit
    copies: tuple[Hit, ...] = ()


def fold(hits: Sequence[Hit]) -> list[Folded]:
    """The hits in their order, each with its near-copies."""
    groups: list[tuple[set[str], list[Hit]]] = []
    for hit in hits:
        tokens = set(analyse(hit.passage.text, hit.passage.language))
        for known, members in groups:
            if _are_near(known, tokens) or members[0].passage.text == hit.passage.text:
                members.append(hit)
                break
        else:
            groups.append((tokens, [hit]))
    return [Folded(members[0], tuple(members[1:])) for _, members in groups]


def _are_near(one: set[str], other: set[str]) -> bool:
    if min(len(one), len(other)) < LEAST_TOKENS:
        return False
    differing = one ^ other
    return len(one & other) >= NEAR * len(one | other) and not any(map(_has_digit, differing))


def _has_digit(token: str) -> bool:
    return any(map(str.isdigit, token))
