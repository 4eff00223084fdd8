"""Passages that say the same in several languages: brought together, the asker's language first.

A bonus for the asker's language large enough to bring translations into order puts its wrong passages
before right ones in other languages. So only what has a like moves: a passage in the asker's language and
those like it in others are two opinions of one thing, and meet halfway. Knows vectors and scores only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from everask.retrieve.candidates import Column

STEP = 1e-4
"""How far one passage is put after another."""
MEET = 0.5
"""How far the one in the asker's language goes towards the best of the others; they then follow it. Halfway
was better than all the way or not at all, by 0.03 to 0.08 nDCG@10 where every passage has translations."""


def meet(scores: Column, is_own: Column, likeness: NDArray[np.float32], least: float) -> Column:
    """What each passage gains or loses (n,) by those that are `least` like it in another language, of which
    one is the asker's; `likeness` (n, n)."""
    gains = np.zeros_like(scores)
    foreign, own = np.flatnonzero(is_own == 0), np.flatnonzero(is_own > 0)
    if not len(foreign) or not len(own):
        return gains
    between = likeness[np.ix_(foreign, own)]
    nearest = own[between.argmax(axis=1)]
    alike = between.max(axis=1) >= least
    for passage in np.unique(nearest[alike]).tolist():
        others = foreign[alike & (nearest == passage)]
        others = others[np.argsort(-scores[others], kind="stable")]
        best, mine = float(scores[others[0]]), float(scores[passage])
        if best > mine:
            gains[passage] = MEET * (best - mine) + STEP
        place = mine + float(gains[passage])
        for number, other in enumerate(others.tolist(), 1):
            gains[other] = min(0.0, place - number * STEP / 10 - float(scores[other]))
    return gains
