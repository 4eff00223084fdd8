"""Sets of labels that were seen together: what a set of single probabilities most likely means.

Serving needs nothing else: the control of the paper's decoder, which it did not beat (card.md). Paper: Yang
et al., SGM: Sequence Generation Model for Multi-label Classification, COLING 2018. Shapes: N texts, K labels,
S sets that were seen.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Marked = NDArray[np.bool_]
Numbers = NDArray[np.float64]

SIGN = "›"
"""Between a topic's name and that of the topic above it."""
_LEAST = 1e-4
SEEN_COUNTS = 0.5
"""What the logarithm of how often a set was seen counts, beside what a text says of each label."""


@dataclass(frozen=True, slots=True)
class SeenSets:
    """Sets of labels (S, K) and the logarithm of how often each was seen (S,)."""

    sets: Marked
    weight: Numbers


def learn_sets(marked: Marked) -> SeenSets:
    """The sets of labels that texts have (N, K)."""
    counted = Counter(row.tobytes() for row in marked)
    sets = np.stack([np.frombuffer(one, bool) for one in counted])
    return SeenSets(sets, np.log(np.array(list(counted.values()), np.float64)))


def choose_sets(probability: Numbers, seen: SeenSets, counts: float = SEEN_COUNTS) -> Marked:
    """For each row of probabilities (N, K), the seen set that is most probable: each label alone, and the
    set as often as it was seen."""
    held = np.clip(probability, _LEAST, 1 - _LEAST)
    has, has_not = np.log(held), np.log(1 - held)
    sets = seen.sets.astype(np.float64)
    scores = has @ sets.T + has_not @ (1 - sets).T + counts * seen.weight
    return np.asarray(seen.sets[scores.argmax(axis=1)], bool)


def parents_of(path: str) -> list[str]:
    """The names above a tag's path, from the top: what has `a›b›c` has `a›b` and `a`, too. Names are compared
    without case and the spaces around their signs."""
    parts = [" ".join(part.split()).casefold() for part in path.split(SIGN)]
    return [SIGN.join(parts[:at]) for at in range(1, len(parts))]


def path_of(name: str) -> str:
    """A name as `parents_of` says it."""
    return SIGN.join(" ".join(part.split()).casefold() for part in name.split(SIGN))
