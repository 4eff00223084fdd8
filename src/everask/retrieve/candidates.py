"""What a search may find: candidates of both channels, with all that the two know of them."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from everask.feedback import recall
from everask.index import Store
from everask.index.catalogue import PassagePlace
from everask.index.lexical import Match
from everask.index.means import centre_one
from everask.text import analyse_query, has_stems, words
from everask.types import Query

UNKNOWN = "und"
MAX_GUESSES = 10
_NOWHERE = PassagePlace("", -1, -1)  # removed meanwhile
_UNSPACED = frozenset({"zh", "ja", "ko", "th", "lo", "km", "my"})

Column = NDArray[np.float32]
Places = NDArray[np.int64]


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
    reach; `held` and `headed` are shares of the query's words. `cosine` is NaN without a vector. `recalled`
    is how well a passage answered questions like this one, -1 to 1, and 0 where nobody said. `places` (n, 2)
    are the number of the passage's document and its own in it; None where that is not known."""

    ids: list[int]
    bm25: Column
    share: Column
    held: Column
    headed: Column
    cosine: Column
    is_own: Column
    recalled: Column
    places: Places | None = None


@dataclass(frozen=True, slots=True)
class _Meant:
    """A query's vector, the means that it was freed of, and what is near it."""

    vector: Column
    means: Mapping[str, Column]
    near: Mapping[int, float]


def gather(
    query: Query, store: Store, encoder: QueryEncoder | None, limit: int, with_memory: bool = True
) -> tuple[Asked, Candidates]:
    """The best `limit` passages of each channel, and `with_memory` what answered questions like this one; by
    words alone without an encoder, or before there are vectors."""
    near: dict[int, float] = {}
    with ThreadPoolExecutor(1) as beside:
        # The channels run side by side: neither SQLite, the encoder nor the graph holds the interpreter.
        by_word = beside.submit(by_words, query, store, limit)
        meant = None
        if encoder is not None and query.text.strip():
            meant = _look_near(query, store, encoder, limit)
        asked, found = by_word.result()
    matches = {match.passage: match for match in found}
    recalled = _recall(query, store, encoder, meant) if with_memory else {}
    others = [passage for passage, value in recalled.items() if value > 0 and passage not in matches]
    if encoder is not None and meant is not None and meant.near:
        missing = [passage for passage in (*matches, *others) if passage not in meant.near]
        near = {**meant.near, **store.cosines(encoder.id, meant.vector, meant.means, missing)}
    ids = list(dict.fromkeys((*matches, *others, *near)))
    known = store.passage_places(ids)
    columns = np.array([word_columns(matches.get(one)) for one in ids], np.float32).reshape(len(ids), 4)
    cosine = np.array([near.get(passage, np.nan) for passage in ids], np.float32)
    stand = [known.get(one, _NOWHERE) for one in ids]
    own = np.array([query.language in (UNKNOWN, one.language) for one in stand], np.float32)
    bm25, share, held, headed = columns.T
    judged = np.array([recalled.get(one, 0.0) for one in ids], np.float32)
    places = np.array([one[1:] for one in stand], np.int64).reshape(len(ids), 2)
    return asked, Candidates(ids, bm25, share, held, headed, cosine, own, judged, places)


def by_words(query: Query, store: Store, limit: int) -> tuple[Asked, list[Match]]:
    """What is known of a query, and its candidates by words."""
    with store.still():
        guesses = guessed(query.language, store)
        tokens = analyse_query(query.spelled or query.text, query.language, guesses)
        found = store.lexical(tokens, limit, query.filters, query.groups) if tokens else []
    return about(query, tokens, max((match.most for match in found), default=0.0)), found


def guessed(language: str, store: Store) -> list[str]:
    """Whose stems to try for a word or two that are in no known language: those of the pile's languages."""
    if language != UNKNOWN:
        return []
    return [one for one in store.languages() if has_stems(one)][:MAX_GUESSES]


def word_columns(match: Match | None) -> tuple[float, float, float, float]:
    """What words say of a passage: BM25, its share of what was possible, and what the passage holds."""
    if match is None:
        return 0.0, 0.0, 0.0, 0.0
    return match.score, match.score / max(match.most, 1e-9), match.held, match.headed


def about(query: Query, tokens: list[str], most: float) -> Asked:
    """What is known of a query, given the most that its words could reach."""
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


def _recall(
    query: Query, store: Store, encoder: QueryEncoder | None, meant: _Meant | None
) -> Mapping[int, float]:
    near = (encoder.id, meant.vector, meant.means) if encoder is not None and meant is not None else None
    return recall(store.memory.look(query.text, near, query.filters, query.groups), query.user)


def _look_near(query: Query, store: Store, encoder: QueryEncoder, limit: int) -> _Meant:
    """Candidates by meaning: cosines of vectors without their languages' means."""
    means = store.dense_means(encoder.id)
    vector = centre_one(encoder.encode_query(query.text), query.language, means)
    near = dict(store.dense(encoder.id, vector, means, limit, query.filters, query.groups))
    return _Meant(vector, means, near)
