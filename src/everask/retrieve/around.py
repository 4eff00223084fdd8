"""What stands around a candidate, as features: the passages right before and after it, and the rest of its
document.

The answer to a question is seldom the only passage of its page that fits. How much that counts differs from
pile to pile: the shipped weights leave it out, those that were learned from people may count it. Knows
columns alone.
"""

from __future__ import annotations

import numpy as np

from everask.retrieve.candidates import Candidates, Column, Places
from everask.retrieve.features import Features, Part, filled

BESIDE, SAME = "beside", "of its document"
AROUND: tuple[tuple[Part, str], ...] = (
    ("meaning", BESIDE),
    ("meaning", SAME),
    ("words", BESIDE),
    ("words", SAME),
)
"""The features' parts and names."""


def make_around(candidates: Candidates) -> Features:
    """Columns (n,): what the two passages next to each candidate have above the least of all, on average, and
    what the best other candidate of its document has; by cosine and by words. 0 where nothing is known."""
    features: dict[tuple[Part, str], Column] = {}
    columns: tuple[tuple[Part, Column], ...] = (
        ("meaning", filled(candidates.cosine)),
        ("words", candidates.share),
    )
    for part, column in columns:
        above = column - column.min(initial=np.inf) if len(column) else column
        features[part, BESIDE] = _beside(above, candidates.places)
        features[part, SAME] = _best_other(above, candidates.places)
    return features


def _beside(above: Column, places: Places | None) -> Column:
    found = np.zeros_like(above)
    if places is None:
        return found
    order = np.lexsort((places[:, 1], places[:, 0]))
    steps = np.diff(places[order], axis=0)
    here = np.flatnonzero((steps[:, 0] == 0) & (steps[:, 1] == 1))
    before, after = order[here], order[here + 1]
    found[before] += above[after] / 2
    found[after] += above[before] / 2
    return found


def _best_other(above: Column, places: Places | None) -> Column:
    found = np.zeros_like(above)
    if places is None or not len(above):
        return found
    order = np.lexsort((-above, places[:, 0]))
    starts = np.flatnonzero(np.diff(places[order, 0], prepend=-1))
    lengths = np.diff(starts, append=len(order))
    found[order] = np.repeat(above[order[starts]], lengths)  # the best of the document, for all of it
    for start in starts[lengths > 1].tolist():
        found[order[start]] = above[order[start + 1]]
    found[order[starts[lengths == 1]]] = 0.0
    return found
