"""From a query to hits: candidates from the index's two channels, fused, with the words marked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from everask.index import Store
from everask.retrieve.fuse import fuse
from everask.retrieve.settings import RetrieveSettings
from everask.text import analyse_query, mark, words
from everask.types import Channel, Hit, Query

_UNKNOWN = "und"
DEFAULTS = RetrieveSettings()


class QueryEncoder(Protocol):
    """What search needs of an encoder."""

    @property
    def id(self) -> str: ...

    def encode_query(self, text: str, /) -> NDArray[np.float32]: ...


def centred(
    vector: NDArray[np.float32], language: str, means: Mapping[str, NDArray[np.float32]]
) -> NDArray[np.float32]:
    """A unit vector without what all texts of its language have in common, of length 1 again."""
    mean = means.get(language, means.get(_UNKNOWN))
    if mean is None:
        return vector
    moved = vector - mean
    unit: NDArray[np.float32] = moved / max(float(np.linalg.norm(moved)), 1e-9)
    return unit


def _lexical(query: Query, tokens: list[str], store: Store, limit: int) -> tuple[dict[int, float], float]:
    """Candidates by words: BM25 as a share of the most that the query could reach; and that most."""
    found = store.lexical(tokens, limit, query.filters, query.groups) if tokens else []
    most = max((bound for _, _, bound in found), default=0.0)
    return {passage: score / bound for passage, score, bound in found if bound > 0}, most


def _dense(
    query: Query, store: Store, encoder: QueryEncoder, limit: int, found: Collection[int]
) -> dict[int, float]:
    """Candidates by meaning, and the meaning of those that were `found` by words: cosines of vectors
    without their languages' means."""
    means = store.dense_means(encoder.id)
    vector = centred(encoder.encode_query(query.text), query.language, means)
    near = dict(store.dense(encoder.id, vector, means, limit, query.filters, query.groups))
    missing = [passage for passage in found if passage not in near]
    return {**near, **store.cosines(encoder.id, vector, means, missing)} if near else {}


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
    tokens = analyse_query(query.text, query.language)
    limit = max(settings.num_candidates, top)
    lexical, most = _lexical(query, tokens, store, limit)
    dense: dict[int, float] = {}
    if encoder is not None and query.text.strip():
        dense = _dense(query, store, encoder, limit, lexical)
    languages = store.passage_languages([*{**lexical, **dense}])
    trust = most / (most + settings.doubt) if most else 1.0
    if len(words(query.text, query.language)) == 1:
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
