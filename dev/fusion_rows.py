"""The candidates that a fusion of channels is fitted on: every suite's queries, searched as the product does.

Rows are kept in .bench/fusion-rows-ENCODER.npz, so that fitting again takes seconds.
"""

from __future__ import annotations

import pickle
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "bench"))

from manual_suite import fetch_manual, load_manual  # noqa: E402
from search_channels import VectorCache  # noqa: E402
from word_pool import WordPool  # noqa: E402

from everask.encoder import load_means, open_encoder  # noqa: E402
from everask.evaluate.exact import exact_suites  # noqa: E402
from everask.evaluate.halves import Half  # noqa: E402
from everask.evaluate.suites import Suite, load_more, load_suites  # noqa: E402
from everask.evaluate.typos import with_typos  # noqa: E402
from everask.index.lexical import Match  # noqa: E402
from everask.index.means import centre, centre_one, mix  # noqa: E402
from everask.retrieve.candidates import Asked, Candidates, about, word_columns  # noqa: E402
from everask.text import analyse_query, language_of  # noqa: E402
from everask.types import Query  # noqa: E402

NUM_CANDIDATES = 100
DEPTH = 10
HALVES: tuple[Half, ...] = ("tune", "report")
_LOOKED_UP = frozenset({"manual", "cmrc", "arcd", "cranfield", "hotpot"})
_SAMPLED = 300  # what the vectors' cache holds of each suite


@dataclass(frozen=True)
class Rows:
    """Queries (q,) and their candidates (n,), those of query i from starts[i] to starts[i + 1].

    `twin` is the place among its query's candidates of the nearest passage in the asker's language, -1
    without one; `whole` says which candidates count as one, as the rows of a table do.
    """

    suites: NDArray[np.str_]
    groups: NDArray[np.str_]
    suite: NDArray[np.int32]
    half: NDArray[np.int32]  # 0 tune, 1 report
    language: NDArray[np.str_]
    most: NDArray[np.float32]
    num_words: NDArray[np.int32]
    digits: NDArray[np.float32]
    is_unspaced: NDArray[np.bool_]
    ideal: NDArray[np.float32]  # the best DCG@10 that there is
    has_own: NDArray[np.bool_]
    starts: NDArray[np.int64]
    bm25: NDArray[np.float32]
    share: NDArray[np.float32]
    held: NDArray[np.float32]
    headed: NDArray[np.float32]
    cosine: NDArray[np.float32]
    is_own: NDArray[np.float32]
    grade: NDArray[np.float32]
    is_right_own: NDArray[np.bool_]
    whole: NDArray[np.int32]
    twin: NDArray[np.int32]
    twin_cosine: NDArray[np.float32]

    def asked(self, query: int) -> Asked:
        """What was known of a query."""
        return Asked(
            str(self.language[query]),
            (),
            float(self.most[query]),
            int(self.num_words[query]),
            float(self.digits[query]),
            bool(self.is_unspaced[query]),
        )

    def candidates(self, query: int) -> Candidates:
        """What was found for a query."""
        at = slice(self.starts[query], self.starts[query + 1])
        return Candidates(
            list(range(at.stop - at.start)),
            self.bm25[at],
            self.share[at],
            self.held[at],
            self.headed[at],
            self.cosine[at],
            self.is_own[at],
            np.zeros(at.stop - at.start, np.float32),  # nothing is remembered: weights are fitted without it
        )


def load_rows(encoder_folder: Path, cache: Path, data: Path, num_queries: int) -> Rows:
    """The rows of an encoder, made where they are not there yet.

    What words find does not depend on the encoder, and is kept apart, a file a pool.
    """
    encoder = open_encoder(encoder_folder)
    file = cache / f"fusion-rows-{encoder.id}.npz"
    if not file.is_file():
        made = _make(_suites(cache, data), VectorCache(encoder, cache), cache / "fusion-words", num_queries)
        np.savez_compressed(file, **{one.name: getattr(made, one.name) for one in fields(made)})
    with np.load(file) as table:
        return Rows(**{one.name: table[one.name] for one in fields(Rows)})


def _suites(cache: Path, data: Path) -> list[Suite]:
    fetch_manual(cache / "manual")
    manual, suites = load_manual(cache / "manual"), load_suites(data)
    # What is looked up, in more than one collection: else nothing is learned of it without XQuAD.
    pools = [
        one for one in [*manual, *suites] if one.name.split("-")[0] in _LOOKED_UP and "mixed" not in one.name
    ]
    looked_up = exact_suites(pools, "Exact names and numbers, more")
    in_one = [one for one in manual if one.name.endswith("mixed")]
    looked_up += exact_suites(in_one, "Exact names and numbers, the manual in one pool")
    typos = [with_typos(one, "Typos") for one in manual if "-own-" in one.name]
    return [*manual, *suites, *load_more(data), *looked_up, *typos]


Found = dict[tuple[str, str], tuple[Query, Asked, list[tuple[str, Match]]]]


def _make(suites: list[Suite], vectors: VectorCache, words: Path, num_queries: int) -> Rows:
    words.mkdir(exist_ok=True)
    sizes = Counter(suite.group for suite in suites)
    pools: dict[int, list[int]] = defaultdict(list)
    for number, suite in enumerate(suites):
        pools[hash(tuple(suite.passages))].append(number)
    queries: list[tuple[object, ...]] = []
    columns: list[NDArray[np.float32]] = []
    for numbers in pools.values():
        halves = {
            (number, half): suites[number]
            .half(name)
            .sample(_SAMPLED)
            .sample(max(12, num_queries // sizes[suites[number].group]))
            for number in numbers
            for half, name in enumerate(HALVES)
        }
        first = suites[numbers[0]]
        found = _by_words(first, list(halves.values()), words / f"{first.name}-{num_queries}.pickle")
        meaning = Meaning(first, vectors)
        for (number, half), suite in halves.items():
            for known, row in _search(suite, found, meaning):
                queries.append((number, half, *known))
                columns.append(row)
        print(first.name, len(queries), flush=True)
    return _stack(suites, queries, columns)


def _by_words(pool: Suite, parts: list[Suite], file: Path) -> Found:
    """What words find for each query of suites over one pool, by suite and query."""
    if file.is_file():
        found: Found = pickle.loads(file.read_bytes())
        if found.keys() == {(part.name, key) for part in parts for key in part.queries}:
            return found
    words, found = WordPool(pool), {}
    for part in parts:
        for key, item in part.queries.items():
            query = Query(item.text, language_of(item.text))
            tokens = analyse_query(query.text, query.language)
            matches = words.search(tokens, NUM_CANDIDATES)
            most = max((match.most for _, match in matches), default=0.0)
            found[part.name, key] = query, about(query, tokens, most), matches
    file.write_bytes(pickle.dumps(found))
    return found


class Meaning:
    """The vectors of a pool, each without its language's mean, as the index makes them."""

    def __init__(self, pool: Suite, vectors: VectorCache) -> None:
        self.names = list(pool.passages)
        self.places = {name: place for place, name in enumerate(self.names)}
        self.vectors = vectors
        raw = vectors.passages(
            [f"{one.title}: {one.text}" if one.title else one.text for one in pool.passages.values()]
        )
        languages = [one.language for one in pool.passages.values()]
        sums = {
            one: (raw[[at == one for at in languages]].sum(axis=0, dtype=np.float64), languages.count(one))
            for one in dict.fromkeys(languages)
        }
        self.means = mix(sums, load_means(vectors.id))
        self.rows = centre(raw, languages, self.means)

    def cosines(self, query: Query) -> NDArray[np.float32]:
        """How near each passage is."""
        return self.rows @ centre_one(self.vectors.encode_query(query.text), query.language, self.means)


def _search(
    suite: Suite, found: Found, meaning: Meaning
) -> Iterator[tuple[tuple[object, ...], NDArray[np.float32]]]:
    wholes = {name: place for place, name in enumerate(dict.fromkeys(suite.parts.values()))}
    for key, item in suite.queries.items():
        query, asked, matches = found[suite.name, key]
        cosines = meaning.cosines(query)
        near = [meaning.names[place] for place in np.argsort(-cosines)[:NUM_CANDIDATES]]
        by_name = dict(matches)
        names = [*by_name, *(name for name in near if name not in by_name)]
        places = [meaning.places[name] for name in names]
        is_own = np.array([query.language in ("und", suite.passages[name].language) for name in names])
        columns = [word_columns(by_name.get(name)) for name in names]
        judged = suite.judgements[key]
        grades = np.array([judged.get(suite.parts.get(name, name), 0) for name in names], np.float32)
        own = np.array([suite.passages[name].language == item.language for name in names])
        twin, twin_cosine = _twins(meaning.rows[places], is_own)
        whole = [wholes.get(suite.parts.get(name, ""), -1) for name in names]
        best = sorted((grade for grade in judged.values() if grade > 0), reverse=True)[:DEPTH]
        ideal = sum(grade / np.log2(place + 2) for place, grade in enumerate(best))
        has_own = any(
            grade > 0 and name in suite.passages and suite.passages[name].language == item.language
            for name, grade in judged.items()
        )
        known = (asked.language, asked.most, asked.num_words, asked.digits, asked.is_unspaced, ideal, has_own)
        rest = [cosines[places], is_own, grades, own & (grades > 0), whole, twin, twin_cosine]
        yield known, np.concatenate([np.array(columns).T, np.array(rest)]).astype(np.float32)


def _twins(
    vectors: NDArray[np.float32], is_own: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Each candidate's nearest in the asker's language: its place and cosine; -1 for those that are so."""
    twin = np.full(len(vectors), -1, np.int32)
    near = np.zeros(len(vectors), np.float32)
    foreign, own = np.flatnonzero(~is_own), np.flatnonzero(is_own)
    if len(foreign) and len(own):
        cosines = vectors[foreign] @ vectors[own].T
        twin[foreign], near[foreign] = own[cosines.argmax(1)], cosines.max(1)
    return twin, near


def _stack(
    suites: list[Suite], queries: list[tuple[object, ...]], columns: list[NDArray[np.float32]]
) -> Rows:
    suite, half, language, most, num_words, digits, is_unspaced, ideal, has_own = zip(*queries, strict=True)
    bm25, share, held, headed, cosine, own, grade, right, whole, twin, near = np.concatenate(columns, axis=1)
    return Rows(
        suites=np.array([one.name for one in suites]),
        groups=np.array([one.group for one in suites]),
        suite=np.array(suite, np.int32),
        half=np.array(half, np.int32),
        language=np.array(language),
        most=np.array(most, np.float32),
        num_words=np.array(num_words, np.int32),
        digits=np.array(digits, np.float32),
        is_unspaced=np.array(is_unspaced, np.bool_),
        ideal=np.array(ideal, np.float32),
        has_own=np.array(has_own, np.bool_),
        starts=np.cumsum([0, *(one.shape[1] for one in columns)]).astype(np.int64),
        bm25=bm25,
        share=share,
        held=held,
        headed=headed,
        cosine=cosine,
        is_own=own,
        grade=grade,
        is_right_own=right > 0,
        whole=whole.astype(np.int32),
        twin=twin.astype(np.int32),
        twin_cosine=near,
    )
