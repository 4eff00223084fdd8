"""Near-copies among hits, put behind the best of them: one text in five folders is one result."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from everask.text import analyse
from everask.types import Hit

NEAR = 0.85
"""The share of their tokens that two passages have in common. Tokens with figures must be the same: last
year's prices are no copy of this year's."""
LEAST_TOKENS = 8
_MOST_OF_A_WORD = 12
ROUGHLY = 0.6
"""The share of their pieces from which two texts are compared by their tokens, which cost twenty times as
much to find."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A hit, and the hits after it that say nearly the same."""

    hit: Hit
    copies: tuple[Hit, ...] = ()


def fold(hits: Sequence[Hit]) -> list[Folded]:
    """The hits in their order, each with its near-copies."""
    groups: list[tuple[_Text, list[Hit]]] = []
    for hit in hits:
        text = _Text(hit)
        for known, members in groups:
            if _are_near(known, text):
                members.append(hit)
                break
        else:
            groups.append((text, [hit]))
    return [Folded(members[0], tuple(members[1:])) for _, members in groups]


class _Text:
    """A passage's text, its pieces (words; where few are apart, pairs of characters), and its tokens when
    they are asked for."""

    def __init__(self, hit: Hit) -> None:
        self.text, self._language = hit.passage.text, hit.passage.language
        words = self.text.split()
        spaced = len(self.text) < _MOST_OF_A_WORD * len(words)
        self.pieces: set[str] = set(words) if spaced else set(map("".join, pairwise(self.text)))

    @functools.cached_property
    def tokens(self) -> set[str]:
        """What the index has of it."""
        return set(analyse(self.text, self._language))


def _are_near(one: _Text, other: _Text) -> bool:
    few, many = sorted((len(one.pieces), len(other.pieces)))
    if few < ROUGHLY * many:
        return False
    if one.text == other.text:
        return True
    shared = len(one.pieces & other.pieces)
    if shared < ROUGHLY * (few + many - shared):
        return False
    if min(len(one.tokens), len(other.tokens)) < LEAST_TOKENS:
        return False
    together = len(one.tokens & other.tokens)
    if together < NEAR * (len(one.tokens) + len(other.tokens) - together):
        return False
    return not any(map(_has_digit, one.tokens ^ other.tokens))


def _has_digit(token: str) -> bool:
    return any(map(str.isdigit, token))
