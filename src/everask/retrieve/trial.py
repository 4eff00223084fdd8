"""A search by two rankings at once: what serves and what is on trial, drafted into one list."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from everask.feedback.interleaving import Team, draft
from everask.index import Store
from everask.retrieve.candidates import QueryEncoder
from everask.retrieve.fuse import Fusion
from everask.retrieve.search import Scored, Weighing, score_by, to_hit
from everask.retrieve.settings import RetrieveSettings
from everask.types import Hit, Query


@dataclass(frozen=True, slots=True)
class Drawn:
    """Hits in the order that chance drew; the passages of each ranking alone, best first; and who picked
    which passage, None where both agree."""

    hits: list[Hit]
    champion: tuple[int, ...]
    challenger: tuple[int, ...]
    teams: Mapping[int, Team | None]


def search_two(
    challenger: Fusion,
    query: Query,
    store: Store,
    encoder: QueryEncoder | None,
    draw: random.Random,
    *,
    top: int,
    settings: RetrieveSettings,
) -> Drawn:
    """The `top` passages of what serves and of a challenger, taking turns, with the query's words marked.

    The scores are the champion's from first to last, so that they fall.
    """
    with store.still():
        weighings, limit = (Weighing(), Weighing(challenger)), max(settings.num_candidates, top)
        first, second = score_by(weighings, query, store, encoder, limit, settings.num_twins)
        ours, theirs = _passages(first), _passages(second)
        shown = draft(ours, theirs, top, draw)
        places = {passage: place for place, passage in enumerate(first.candidates.ids)}
        found = store.hits([one.passage for one in shown], query.groups)
    hits = [
        to_hit(first, places[one.passage], found[one.passage], with_marks=True)
        for one in shown
        if one.passage in found
    ]
    scores = sorted((hit.score for hit in hits), reverse=True)
    hits = [replace(hit, score=score) for hit, score in zip(hits, scores, strict=True)]
    return Drawn(hits, ours[:top], theirs[:top], {one.passage: one.team for one in shown})


def _passages(made: Scored) -> tuple[int, ...]:
    return tuple(made.candidates.ids[place] for place in made.order())
