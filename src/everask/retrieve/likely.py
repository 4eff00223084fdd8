"""Which passages of a long document may answer a question, before any of them has a vector.

By their words, and by rough vectors of every passage (encoder/static.py), which cost next to nothing and
work across languages, where no words are shared. The best of both are then encoded in full. Beside funnel,
late chunking and plain truncation: docs/benchmarks.md, long documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from everask.encoder import Encoder, load_means, mean_of
from everask.index import Store
from everask.text import analyse_query
from everask.types import Query

Waiting = tuple[int, str, str]
"""A passage without a vector: its id, the text to encode, its language."""


@dataclass(frozen=True, slots=True)
class LikelySettings:
    """How many passages are encoded in full: the best by words and the best by rough vectors.

    Documents of at most `small` passages are encoded whole.
    """

    by_words: int = 40
    by_rough: int = 60
    small: int = 120


DEFAULTS = LikelySettings()


def choose_likely(
    query: Query,
    store: Store,
    encoder: Encoder,
    waiting: Sequence[Waiting],
    settings: LikelySettings = DEFAULTS,
) -> list[Waiting]:
    """The waiting passages that are worth a vector for this question; all, without rough vectors."""
    if encoder.rough is None or len(waiting) <= settings.small:
        return list(waiting)
    found = store.lexical(analyse_query(query.text, query.language), settings.by_words, query.filters)
    wanted = {number for number, _, _ in found}
    rows_nd = encoder.rough.encode_passages([text for _, text, _ in waiting])
    means = load_means(encoder.id)
    query_d = encoder.encode_query(query.text)
    scores = rank_rough(rows_nd, query_d - mean_of(query.language, means) if means else query_d)
    wanted.update(waiting[place][0] for place in np.argsort(-scores)[: settings.by_rough])
    return [one for one in waiting if one[0] in wanted]


def rank_rough(rows_nd: NDArray[np.float32], query_d: NDArray[np.float32]) -> NDArray[np.float32]:
    """How near each passage is (N,): cosines once what all passages have in common is taken off them.

    Taking the document's own mean off takes its language off too.
    """
    centred_nd = rows_nd - rows_nd.mean(axis=0)
    lengths_n = np.maximum(np.linalg.norm(centred_nd, axis=1), 1e-9)
    return np.asarray(centred_nd @ query_d / lengths_n, np.float32)
