"""More like this: the passages whose words and meaning are nearest to those of a passage."""

from __future__ import annotations

from collections import defaultdict

from everask.index import Store
from everask.retrieve.candidates import QueryEncoder
from everask.text import analyse, mark
from everask.types import Channel, Hit, Passage, Query

SETTLE = 60
"""How little the first places count more than the next, as in reciprocal rank fusion."""
POOL = 100


def find_like(
    passage: Passage, query: Query, store: Store, encoder: QueryEncoder | None, top: int = 10
) -> list[Hit]:
    """The `top` passages like one, best first and without it, within the query's limits and rights. By words
    alone while it has no vector."""
    tokens = list(dict.fromkeys(analyse(passage.indexed, passage.language)))
    scores: defaultdict[int, float] = defaultdict(float)
    channels: defaultdict[int, dict[Channel, float]] = defaultdict(dict)
    with store.still():
        for place, match in enumerate(store.lexical(tokens, POOL, query.filters, query.groups), 1):
            scores[match.passage] += 1 / (SETTLE + place)
            channels[match.passage]["lexical"] = match.score / max(match.most, 1e-9)
        for place, (near, cosine) in enumerate(_near(passage, query, store, encoder), 1):
            scores[near] += 1 / (SETTLE + place)
            channels[near]["dense"] = cosine
        scores.pop(passage.id, None)
        best = sorted(scores, key=lambda one: (-scores[one], one))[:top]
        found = store.hits(best, query.groups)
    return [
        Hit(*found[one], scores[one], channels[one], mark(found[one][0].text, tokens, found[one][0].language))
        for one in best
        if one in found
    ]


def _near(
    passage: Passage, query: Query, store: Store, encoder: QueryEncoder | None
) -> list[tuple[int, float]]:
    if encoder is None:
        return []
    means = store.dense_means(encoder.id)
    own = store.directions(encoder.id, means, [passage.id]).get(passage.id)
    if own is None:
        return []
    return store.dense(encoder.id, own, means, POOL, query.filters, query.groups)
