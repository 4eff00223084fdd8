"""Where a passage stands among all that a search could find: for people who expected it.

The search's own candidates are a hundred of each channel; here as many are taken as are needed to see the
passage, or the most that is worth the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from everask.index import Store
from everask.retrieve.candidates import Candidates, Column, QueryEncoder
from everask.retrieve.search import Scored, score
from everask.retrieve.settings import RetrieveSettings
from everask.types import Query

DEEP = 2_000
"""Candidates of each channel, of a passage that is not among the search's own."""


@dataclass(frozen=True, slots=True)
class Place:
    """A passage's places from 1: by words, by meaning and by both together, and its score; None where it was
    not seen. `cosine` is None without a vector. `best` and `last` are the scores of the first hit and of the
    last one that is taken; `num_seen` are all that were ranked. `is_candidate`: the search itself had it."""

    passage: int
    by_words: int | None
    by_meaning: int | None
    fused: int | None
    score: float | None
    share: float
    cosine: float | None
    best: float
    last: float
    num_seen: int
    is_candidate: bool


def find_places(
    query: Query,
    store: Store,
    encoder: QueryEncoder | None,
    ids: Sequence[int],
    settings: RetrieveSettings,
    taken: int,
) -> dict[int, Place]:
    """The places of some passages, of which the first `taken` hits would be read."""
    with store.still():
        made = score(query, store, encoder, settings.num_candidates, settings.num_twins)
        candidates = set(made.candidates.ids)
        if not candidates & set(ids):
            made = score(query, store, encoder, DEEP, settings.num_twins)
        order = made.order()
        ranks = {made.candidates.ids[at]: rank for rank, at in enumerate(order, 1)}
        ends = _ends(made, order, taken)
        words = _ranks(made.candidates, made.candidates.share)
        meaning = _ranks(made.candidates, made.candidates.cosine)
        found = {}
        for one in ids:
            at = order[ranks[one] - 1] if one in ranks else None
            found[one] = Place(
                one,
                words.get(one),
                meaning.get(one),
                ranks.get(one),
                None if at is None else float(made.scores[at]),
                0.0 if at is None else float(made.candidates.share[at]),
                None if at is None else _known(made.candidates.cosine[at]),
                *ends,
                len(order),
                one in candidates,
            )
    return found


def _ends(made: Scored, order: Sequence[int], taken: int) -> tuple[float, float]:
    if not order:
        return 0.0, 0.0
    return float(made.scores[order[0]]), float(made.scores[order[min(taken, len(order)) - 1]])


def _ranks(candidates: Candidates, column: Column) -> dict[int, int]:
    """Ranks by one column, of the candidates that it says something of."""
    known = [at for at in range(len(candidates.ids)) if not np.isnan(column[at]) and column[at] != 0]
    known.sort(key=lambda at: -float(column[at]))
    return {candidates.ids[at]: rank for rank, at in enumerate(known, 1)}


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
