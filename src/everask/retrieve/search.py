"""From a query to hits: candidates from the index's two channels, fused, with the words marked."""

from __future__ import annotations

from dataclasses import replace

from everask.index import Store
from everask.retrieve.candidates import QueryEncoder, gather
from everask.retrieve.fuse import fuse
from everask.retrieve.settings import RetrieveSettings
from everask.text import mark
from everask.types import Channel, Hit, Query

DEFAULTS = RetrieveSettings()


def search(
    query: Query,
    store: Store,
    encoder: QueryEncoder | None,
    *,
    top: int = 10,
    settings: RetrieveSettings = DEFAULTS,
    with_marks: bool = True,
) -> list[Hit]:
    """The `top` passages, best first. By words alone without an encoder, or before there are vectors.

    `with_marks` finds the query's words in each passage: most of the time of a search that nobody reads.
    """
    asked, candidates = gather(query, store, encoder, max(settings.num_candidates, top))
    ids, tokens = candidates.ids, list(asked.tokens)
    lexical = {one: float(share) for one, share in zip(ids, candidates.share, strict=True) if share > 0}
    dense = {one: float(near) for one, near in zip(ids, candidates.cosine, strict=True) if near == near}
    languages = {one: query.language if own else "" for one, own in zip(ids, candidates.is_own, strict=True)}
    trust = asked.most / (asked.most + settings.doubt) if asked.most else 1.0
    if asked.num_words == 1:
        # One word, name or number is looked up: what holds it comes first, whatever its language.
        settings, trust = replace(settings, foreign_credit=0.0), 1.0
    scores = fuse(lexical, dense, languages, query.language, settings, trust)
    best = sorted(scores, key=lambda passage: (-scores[passage], passage))[:top]
    found = store.hits(best, query.groups)
    hits = []
    for number in best:
        if number not in found:  # removed since
            continue
        passage, document = found[number]
        channels: dict[Channel, float] = {}
        if number in lexical:
            channels["lexical"] = lexical[number]
        if number in dense:
            channels["dense"] = dense[number]
        marks = mark(passage.text, tokens, passage.language) if with_marks else ()
        hits.append(Hit(passage, document, scores[number], channels, marks))
    return hits
