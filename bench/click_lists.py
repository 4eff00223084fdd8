"""The lists that clicks are simulated on: for each question of a suite what search weighs of its candidates.

Made by the product's own search over the suite in a store, once, and kept in .bench/clicks-SUITE.npz.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from search_channels import Pool, VectorCache, fill

from everask.encoder import load_means
from everask.evaluate.suites import Suite
from everask.index.means import centre_one
from everask.rank.rank import TextAsker
from everask.retrieve import understand
from everask.retrieve.candidates import Asked, Candidates, gather
from everask.retrieve.features import make_features
from everask.retrieve.fuse import load_fusion
from everask.text import language_of
from everask.types import Query

NUM_CANDIDATES = 100
NUM_READ = 20
"""So many of the first are read by the ranker, as in the product."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Lists:
    """Questions (q,) of a suite with their vectors (q, d), and their candidates (n,), those of question i
    from starts[i] to starts[i + 1]: features (n, k), named by `names`, the ranker's logit (NaN where it was
    not asked), the grade, whether it is in the asker's language, and its centred vector (n, d)."""

    keys: NDArray[np.str_]
    articles: NDArray[np.str_]
    vectors: Floats
    ideal: Floats
    starts: NDArray[np.int64]
    names: NDArray[np.str_]
    passages: NDArray[np.int64]
    features: Floats
    logits: Floats
    grades: Floats
    is_own: Floats
    directions: Floats

    def at(self, question: int) -> slice:
        """Where the candidates of a question are."""
        return slice(int(self.starts[question]), int(self.starts[question + 1]))


def load_lists(suite: Suite, vectors: VectorCache, asker: TextAsker | None, cache: Path) -> Lists:
    """The lists of a suite, made where they are not there yet."""
    file = cache / f"clicks-{suite.name}-{vectors.id}.npz"
    if not file.is_file():
        with tempfile.TemporaryDirectory() as folder:
            pool = fill(suite, Path(folder), vectors, load_means(vectors.id))
            made = _stack(suite, list(_questions(pool, vectors, asker)))
            pool.store.close()
        np.savez_compressed(file, **{one.name: getattr(made, one.name) for one in fields(made)})
    with np.load(file) as table:
        return Lists(**{one.name: table[one.name] for one in fields(Lists)})


@dataclass(frozen=True, slots=True)
class _Row:
    key: str
    vector: Floats
    asked: Asked
    found: Candidates
    features: Floats
    logits: Floats
    grades: Floats
    directions: Floats


def _questions(pool: Pool, vectors: VectorCache, asker: TextAsker | None) -> Iterator[_Row]:
    names = list(load_fusion().weights)
    weights = np.array(list(load_fusion().weights.values()), np.float32)
    means = pool.store.dense_means(vectors.id)
    for key, item in pool.suite.queries.items():
        typed = understand(item.text)
        query = Query(typed.text, language_of(typed.text), typed.filters)
        asked, found = gather(query, pool.store, vectors, NUM_CANDIDATES)
        made = make_features(asked, found)
        features = np.stack([made[name] for name in names], axis=1).astype(np.float32)
        judged = pool.suite.judgements[key]
        grades = np.array([judged.get(pool.keys[one], 0) for one in found.ids], np.float32)
        known = pool.store.directions(vectors.id, means, found.ids)
        vector = centre_one(vectors.encode_query(query.text), query.language, means)
        near = np.stack([known[one] for one in found.ids]).astype(np.float32)
        logits = _read(pool, query, found, features @ weights, asker)
        yield _Row(key, np.asarray(vector, np.float32), asked, found, features, logits, grades, near)


def _read(pool: Pool, query: Query, found: Candidates, scores: Floats, asker: TextAsker | None) -> Floats:
    logits = np.full(len(scores), np.nan, np.float32)
    if asker is None:
        return logits
    first = np.argsort(-scores, kind="stable")[:NUM_READ].tolist()
    hits = pool.store.hits([found.ids[place] for place in first], None)
    texts = [hits[found.ids[place]][0].asked for place in first]
    for place, reading in zip(first, asker.ask(query.text, texts), strict=True):
        logits[place] = np.nan if reading is None else reading.logit
    return logits


def _stack(suite: Suite, rows: list[_Row]) -> Lists:
    return Lists(
        keys=np.array([one.key for one in rows]),
        articles=np.array([suite.queries[one.key].article for one in rows]),
        vectors=np.stack([one.vector for one in rows]),
        ideal=np.array([_ideal(suite.judgements[one.key]) for one in rows], np.float32),
        starts=np.cumsum([0, *(len(one.grades) for one in rows)]).astype(np.int64),
        names=np.array([f"{part}: {name}" for part, name in load_fusion().weights]),
        passages=np.concatenate([one.found.ids for one in rows]).astype(np.int64),
        features=np.concatenate([one.features for one in rows]),
        logits=np.concatenate([one.logits for one in rows]),
        grades=np.concatenate([one.grades for one in rows]),
        is_own=np.concatenate([one.found.is_own for one in rows]),
        directions=np.concatenate([one.directions for one in rows]),
    )


def _ideal(judged: Mapping[str, int]) -> float:
    best = sorted((grade for grade in judged.values() if grade > 0), reverse=True)[:10]
    return float(sum(grade / np.log2(place + 2) for place, grade in enumerate(best)))
