"""What a search may find: candidates of both channels, with all that the two know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from everask.index import Store
from everask.index.means import centre_one
from everask.text import analyse_query, words
from everask.types import Query

UNKNOWN = "und"
_UNSPACED = frozenset({"zh", "ja", "ko", "th", "lo", "km", "my"})

Column = NDArray[np.float32]


class QueryEncoder(Protocol):
    """What search needs of an encoder."""

    @property
    def id(self) -> str: ...

    def encode_query(self, text: str, /) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a query before anything is found: the most that its words could reach, how many
    they are, the share of them with a digit in them, and whether its script is written without spaces."""

    language: str
    tokens: tuple[str, ...]
    most: float
    num_words: int
    digits: float
    is_unspaced: bool


@dataclass(frozen=True, slots=True)
class Candidates:
    """Columns with one value a passage (n,). `share` is BM25 as a share of the most that the query could
    reach; `held` and `headed` are shares of the query's words. `cosine` is NaN without a vector."""

    ids: list[int]
    bm25: Column
    share: Column
    held: Column
    headed: Column
    cosine: Column
    is_own: Column


def gather(query: Query, store: Store, encoder: QueryEncoder | None, limit: int) -> tuple[Asked, Candidates]:
    """The best `limit` passages of each channel; by words alone without an encoder, or before there are
    vectors."""
    tokens = analyse_query(query.text, query.language)
    found = store.lexical(tokens, limit, query.filters, query.groups) if tokens else []
    matches = {match.passage: match for match in found}
    near: dict[int, float] = {}
    if encoder is not None and query.text.strip():
        near = _near(query, store, encoder, limit, list(matches))
    ids = [*matches, *(passage for passage in near if passage not in matches)]
    languages = store.passage_languages(ids)
    nothing = (0.0, 0.0, 0.0, 0.0)
    columns = np.array(
        [
            (match.score, match.score / max(match.most, 1e-9), match.held, match.headed)
            if (match := matches.get(passage))
            else nothing
            for passage in ids
        ],
        np.float32,
    ).reshape(len(ids), 4)
    cosine = np.array([near.get(passage, np.nan) for passage in ids], np.float32)
    own = np.array([query.language in (UNKNOWN, languages.get(one)) for one in ids], np.float32)
    bm25, share, held, headed = columns.T
    most = max((match.most for match in found), default=0.0)
    return _asked(query, tokens, most), Candidates(ids, bm25, share, held, headed, cosine, own)


def _asked(query: Query, tokens: list[str], most: float) -> Asked:
    spans = words(query.text, query.language)
    with_digits = sum(any(map(str.isdigit, query.text[start:end])) for start, end in spans)
    return Asked(
        query.language,
        tuple(tokens),
        most,
        len(spans),
        with_digits / max(1, len(spans)),
        query.language in _UNSPACED,
    )


def _near(
    query: Query, store: Store, encoder: QueryEncoder, limit: int, found: list[int]
) -> dict[int, float]:
    """Candidates by meaning, and the meaning of those that were `found` by words: cosines of vectors
    without their languages' means."""
    means = store.dense_means(encoder.id)
    vector = centre_one(encoder.encode_query(query.text), query.language, means)
    near = dict(store.dense(encoder.id, vector, means, limit, query.filters, query.groups))
    missing = [passage for passage in found if passage not in near]
    return {**near, **store.cosines(encoder.id, vector, means, missing)} if near else {}
