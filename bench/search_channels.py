"""The rankings that search_quality compares: our channels, ours fused, and simpler ways beside them."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import Stemmer
from numpy.typing import NDArray

from everask.encoder import Encoder
from everask.evaluate.suites import Item, Suite
from everask.index import Store
from everask.index.means import centre_one
from everask.pipeline.evaluating import fill_store
from everask.rank import RankSettings, rank
from everask.rank.rank import TextAsker
from everask.retrieve import RetrieveSettings, search, understand
from everask.text import language_of
from everask.types import Query

DEPTH = 100
_RANK_CONSTANT = 60
_STEMMERS = {
    "ar": "arabic", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fr": "french",
    "hi": "hindi", "pt": "portuguese", "ro": "romanian", "ru": "russian", "tr": "turkish",
}  # fmt: skip
_STOPWORDS = frozenset({"de", "en", "es", "fr", "pt", "ru", "tr"})

Ranking = dict[str, float]
Run = dict[str, Ranking]


class VectorCache:
    """Vectors by text, kept in a file, so that a second run costs no encoding. Queries and passages apart."""

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self._encoder = encoder
        self._file = folder / f"vectors-{encoder.id}.npz"
        self._known = self._read()
        self._num_saved = len(self._known)

    @property
    def id(self) -> str:
        """The encoder's id."""
        return self._encoder.id

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of passages (n, d)."""
        missing = [text for text in dict.fromkeys(texts) if self._key("p", text) not in self._known]
        for start in range(0, len(missing), 256):
            batch = missing[start : start + 256]
            for text, vector in zip(batch, self._encoder.encode_passages(batch), strict=True):
                self._known[self._key("p", text)] = vector
        return np.stack([self._known[self._key("p", text)] for text in texts])

    def encode_passages(self, texts: Sequence[str], /) -> NDArray[np.float32]:
        """Vectors of passages (n, d), as an encoder is asked for them."""
        return self.passages(texts)

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """The vector of a query (d,)."""
        key = self._key("q", text)
        if key not in self._known:
            self._known[key] = self._encoder.encode_query(text)
        return self._known[key]

    def save(self) -> None:
        """Write the file, whole or not at all, with what another run has put there meanwhile."""
        if len(self._known) == self._num_saved:
            return
        self._known = {**self._read(), **self._known}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        beside = self._file.with_suffix(f".{os.getpid()}.npz")
        np.savez(beside, keys=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))
        beside.replace(self._file)
        self._num_saved = len(self._known)

    def _read(self) -> dict[str, NDArray[np.float32]]:
        if not self._file.exists():
            return {}
        with np.load(self._file) as table:
            return dict(zip(table["keys"].tolist(), table["vectors"], strict=True))

    @staticmethod
    def _key(kind: str, text: str) -> str:
        return kind + hashlib.sha256(text.encode()).hexdigest()[:30]


@dataclass(frozen=True, slots=True)
class Pool:
    """A suite's passages in a store, with their keys by passage id, and the vectors' cache.

    `raw` are the vectors of the passages as `texts` (what is encoded of each), named by `order`.
    """

    suite: Suite
    store: Store
    keys: Mapping[int, str]
    vectors: VectorCache
    raw: NDArray[np.float32]
    order: Sequence[str]
    texts: Sequence[str] = ()


def fill(suite: Suite, folder: Path, vectors: VectorCache, shipped: Mapping[str, Any]) -> Pool:
    """Put a suite into a store of its own, vectors and all, by the ways that the product uses."""
    store = Store.open(Path(tempfile.mkdtemp(dir=folder)))
    recorded = _Recorder(vectors)
    keys = fill_store(suite, store, recorded, shipped)
    raw = vectors.passages(recorded.texts)
    return Pool(suite, store, keys, vectors, raw, list(keys.values()), recorded.texts)


class _Recorder:
    """The cache, and the texts that it was asked for, in the passages' order."""

    def __init__(self, vectors: VectorCache) -> None:
        self._vectors = vectors
        self.texts: list[str] = []

    @property
    def id(self) -> str:
        return self._vectors.id

    def encode_passages(self, texts: Sequence[str], /) -> NDArray[np.float32]:
        self.texts += texts
        return self._vectors.passages(texts)


def _queries(pool: Pool) -> Iterator[tuple[str, Query]]:
    """As a user asks: quotation marks and the like understood, the language detected."""
    for key, item in pool.suite.queries.items():
        asked = understand(item.text)
        yield key, Query(asked.text, language_of(asked.text), asked.filters, preferred=asked.preferred)


def lexical_run(pool: Pool) -> Run:
    """Everask's lexical channel alone."""
    return {
        key: {
            pool.keys[hit.passage.id]: hit.score
            for hit in search(query, pool.store, None, top=DEPTH, with_marks=False)
        }
        for key, query in _queries(pool)
    }


def raw_run(pool: Pool, vectors: VectorCache | None = None) -> Run:
    """An encoder's cosines as they are, without the languages' means taken off; the pool's own encoder's,
    unless told."""
    vectors = vectors or pool.vectors
    raw = vectors.passages(pool.texts)
    run: Run = {}
    for key, item in pool.suite.queries.items():
        scores = raw @ vectors.encode_query(item.text)
        best = np.argsort(-scores)[:DEPTH]
        run[key] = {pool.order[number]: float(scores[number]) for number in best}
    return run


def dense_run(pool: Pool) -> Run:
    """Everask's dense channel alone."""
    means = pool.store.dense_means(pool.vectors.id)
    run: Run = {}
    for key, query in _queries(pool):
        vector = centre_one(pool.vectors.encode_query(query.text), query.language, means)
        found = pool.store.dense(pool.vectors.id, vector, means, DEPTH)
        run[key] = {pool.keys[number]: score for number, score in found}
    return run


def fused_run(pool: Pool, settings: RetrieveSettings) -> Run:
    """Everask's search."""
    run: Run = {}
    for key, query in _queries(pool):
        hits = search(query, pool.store, pool.vectors, top=DEPTH, settings=settings, with_marks=False)
        run[key] = {pool.keys[hit.passage.id]: hit.score for hit in hits}
    return run


def ranked_run(pool: Pool, settings: RetrieveSettings, asker: TextAsker) -> Run:
    """Everask's search with its ranker on, however long that takes."""
    run: Run = {}
    for key, query in _queries(pool):
        hits = search(query, pool.store, pool.vectors, top=DEPTH, settings=settings, with_marks=False)
        ranked = rank(query, hits, asker, RankSettings(use="always", seconds=60.0))
        run[key] = {pool.keys[hit.passage.id]: hit.score for hit in ranked}
    return run


def rank_fused(*runs: Run) -> Run:
    """Reciprocal rank fusion of the same lists, as most products fuse."""
    fused: Run = {key: {} for run in runs for key in run}
    for run in runs:
        for key, scores in run.items():
            for place, passage in enumerate(sorted(scores, key=lambda name: -scores[name]), start=1):
                fused[key][passage] = fused[key].get(passage, 0.0) + 1 / (_RANK_CONSTANT + place)
    return fused


def _bm25s_tokens(texts: list[str], languages: set[str]) -> Any:
    """bm25s's own tokenizer as its documentation sets it up: stop words and a stemmer where it has them."""
    language = next(iter(languages)) if len(languages) == 1 else ""
    stemmer = Stemmer.Stemmer(_STEMMERS[language]) if language in _STEMMERS else None
    stopwords = language if language in _STOPWORDS else None
    return bm25s.tokenize(texts, stopwords=stopwords, stemmer=stemmer, show_progress=False)


def bm25s_run(pool: Pool) -> Run:
    """The library bm25s over the same passages."""

    def text_of(item: Item) -> str:
        return f"{item.title}: {item.text}" if item.title else item.text

    items = list(pool.suite.passages.values())
    names = list(pool.suite.passages)
    languages = {item.language for item in items}
    retriever = bm25s.BM25()
    retriever.index(_bm25s_tokens([text_of(item) for item in items], languages), show_progress=False)
    asked = _bm25s_tokens([item.text for item in pool.suite.queries.values()], languages)
    found, scores = retriever.retrieve(asked, k=min(DEPTH, len(names)), show_progress=False)
    return {
        key: {names[number]: float(score) for number, score in zip(row, row_scores, strict=True) if score > 0}
        for key, row, row_scores in zip(pool.suite.queries, found, scores, strict=True)
    }
