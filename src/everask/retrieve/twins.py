"""Translations of one passage: the one in the asker's language comes first, and nothing else moves.

A bonus for the asker's language large enough to bring translations into order puts its wrong passages
before right ones in other languages. So a passage moves only where one that says the same, in another
language, was found above it. Knows vectors and scores only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from everask.retrieve.candidates import Column

STEP = 1e-4
"""How far above its twin a passage is put."""


def lift(scores: Column, is_own: Column, likeness: NDArray[np.float32], least: float) -> Column:
    """What each passage gains (n,): those in the asker's language that are `least` like a better one in
    another language, by `likeness` (n, n), come just before it."""
    gains = np.zeros_like(scores)
    foreign, own = np.flatnonzero(is_own == 0), np.flatnonzero(is_own > 0)
    if not len(foreign) or not len(own):
        return gains
    between = likeness[np.ix_(foreign, own)]
    nearest = between.argmax(axis=1)
    for place in np.argsort(-scores[foreign], kind="stable"):
        if between[place, nearest[place]] >= least:
            passage = own[nearest[place]]
            missing = scores[foreign[place]] + STEP - (scores[passage] + gains[passage])
            gains[passage] += max(0.0, float(missing))
    return gains
