"""Search by meaning over the vectors of one encoder: derived index, newer rows, exact scores.

Candidates come from the graph, or from a scan of all rows, and from the rows written since the
derived index was made; their scores are then computed anew from the vectors in the store, so that a
removed passage is never found and a score never depends on what is derived.
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Select, select

from everask.index import graph, vectors
from everask.index.conditions import GIVEN
from everask.index.database import Database
from everask.index.lexical import read_pile
from everask.index.means import Vectors, centre, furthest_move, mix, round_rows
from everask.index.schema import MAX_STATEMENTS, documents, encoders, passages

MIN_DERIVED = 5_000
"""Fewer vectors are read from the store when they are first searched."""
MIN_GRAPH = 20_000
"""Fewer rows are scanned, all of them."""
MAX_MOVE = 0.05
MIN_ROUGH = 20
"""Rough vectors of a language that give it a mean where none ships."""
READ_BATCH = 5_000
OVERFETCH = 3
QUICK = 8
"""Times as many are looked at of those that meet quick conditions, before slow ones are asked of all."""
MAX_REMEMBERED = 8
"""Sets of passages that filters and groups leave, kept by the filters, the groups and the version."""

_NO_ROWS = np.zeros((0, 0), np.int8)
_NO_IDS = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Rows:
    """What a search looks at: one consistent set of rows, all centred with the same means."""

    epoch: str
    stamp: str | None  # of the derived index
    base: graph.Derived | None
    means: Mapping[str, Vectors]
    last: int  # sequence of the newest vector here
    at: int  # number of vectors of the pile when the means were taken
    new_ids: NDArray[np.int64]
    new_rows: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Search:
    """How many are wanted, which may be found, and means other than those in use, for the scores."""

    limit: int
    conditions: Sequence[ColumnElement[bool]] = ()
    key: Hashable = None  # the filters and groups that the conditions stand for
    means: Mapping[str, Vectors] | None = None
    quick: Sequence[ColumnElement[bool]] | None = None  # met by all that may be found; where those are slow


class DenseIndex:
    """The vectors of one encoder, ready to be searched; follows what is written to the store."""

    def __init__(self, store: Path, encoder_name: str) -> None:
        self.folder = graph.folder_of(store, encoder_name)
        self._lock = threading.Lock()
        self._rows: Rows | None = None
        self._remembered: dict[Hashable, NDArray[np.int64]] = {}

    def refresh(self, connection: Connection, encoder: int) -> Rows:
        """Take in what was written since the last time."""
        with self._lock:
            epoch = read_pile(connection).epoch
            rows = self._rows
            stamp = graph.current_stamp(self.folder)
            if rows is None or rows.epoch != epoch or rows.stamp != stamp:
                rows = self._load(connection, encoder, epoch, stamp)
            rows = _take_in(connection, encoder, rows)
            if rows.base is None and _is_stale(connection, encoder, rows):
                rows = _take_in(connection, encoder, self._load(connection, encoder, epoch, stamp))
            self._rows = rows
            return rows

    def search(
        self, connection: Connection, encoder: int, query: Vectors, search: Search
    ) -> list[tuple[int, float]]:
        """The nearest passages (id, cosine), best first; `query` (d,) is centred and of length 1."""
        rows = self.refresh(connection, encoder)
        code = round_rows(query[None, :])[0]
        limit, means = search.limit, search.means or rows.means
        wanted, total, again = limit * OVERFETCH + 16, _num_rows(rows), False
        while True:
            found = _nearest(rows, code, wanted)
            if search.conditions or again:
                found = _allowed(connection, found, search.conditions)
            if search.conditions and len(found) < limit and wanted < total:
                found = self._among(connection, rows, code, wanted, search)
                wanted = total
            scored = _score(connection, encoder, query, found[: limit + limit // 2 + 16], means)
            if len(scored) >= limit or wanted >= total:
                return scored[:limit]
            wanted, again = wanted * 4, True  # many that were removed are still in the derived index

    def _among(
        self, connection: Connection, rows: Rows, code: NDArray[np.int8], wanted: int, search: Search
    ) -> list[int]:
        """The nearest of all that meet the conditions; slow ones are asked of the nearest alone."""
        if search.quick is not None:
            some = self._all_allowed(connection, (search.key, "quick"), search.quick)
            near = _nearest_among(rows, code, QUICK * wanted, some)
            found = _allowed(connection, near, search.conditions)
            if len(found) >= search.limit or len(near) < QUICK * wanted:
                return found
        return _nearest_among(
            rows, code, wanted, self._all_allowed(connection, search.key, search.conditions)
        )

    def _all_allowed(
        self, connection: Connection, wanted: Hashable, conditions: Sequence[ColumnElement[bool]]
    ) -> NDArray[np.int64]:
        """All passages that meet the conditions, remembered until the pile changes."""
        pile = read_pile(connection)
        key = (wanted, pile.epoch, pile.changes)
        with self._lock:
            found = self._remembered.get(key)
        if found is None:
            query = select(passages.c.id).join_from(passages, documents).where(*conditions)
            found = np.sort(np.fromiter(connection.scalars(query).all(), np.int64, -1))
            with self._lock:
                while len(self._remembered) >= MAX_REMEMBERED:
                    del self._remembered[next(iter(self._remembered))]
                self._remembered[key] = found
        return found

    def _load(self, connection: Connection, encoder: int, epoch: str, stamp: str | None) -> Rows:
        base = graph.load(self.folder, epoch) if stamp else None
        at = vectors.count(connection, encoder)
        if base is not None:
            content = base.content
            return Rows(epoch, stamp, base, content.means, content.watermark, at, _NO_IDS, _NO_ROWS)
        means = fresh_means(connection, encoder)
        return Rows(epoch, stamp, None, means, 0, at, _NO_IDS, _NO_ROWS)


def fresh_means(connection: Connection, encoder: int) -> dict[str, Vectors]:
    """The means as the pile is now."""
    shipped = vectors.read_shipped(connection, encoder)
    return mix(vectors.read_sums(connection, encoder), {**_rough_means(connection, encoder), **shipped})


def _rough_means(connection: Connection, encoder: int) -> dict[str, Vectors]:
    """What the rough vectors say of languages: they lie in the same space, and are there first."""
    name = connection.scalar(select(encoders.c.name).where(encoders.c.id == encoder))
    means = {}
    for rough, _ in vectors.find_rough(connection, name or ""):
        for language, (total, number) in vectors.read_sums(connection, rough).items():
            if number >= MIN_ROUGH:
                means[language] = np.asarray(total / number, np.float32)
    return means


def needs_building(connection: Connection, encoder: int, base: graph.Derived | None) -> bool:
    """Whether the derived index is missing, or no longer like the pile."""
    total = vectors.count(connection, encoder)
    if base is None:
        return True
    held = len(base.content.ids)
    newer = vectors.count_after(connection, encoder, base.content.watermark)
    return (
        newer > held / 2
        or held - (total - newer) > held / 5
        or (total >= MIN_GRAPH and base.graph is None)
        or furthest_move(base.content.means, fresh_means(connection, encoder)) > MAX_MOVE
    )


def maintain(
    database: Database, store: Path, encoder_name: str, shipped: Mapping[str, Vectors], num_threads: int
) -> bool:
    """Keep the shipped means, and build the derived index anew if it needs it; whether it did."""
    folder = graph.folder_of(store, encoder_name)
    with database.writing() as connection:
        encoder = vectors.register_encoder(connection, encoder_name)
        vectors.write_shipped(connection, encoder, shipped)
    with database.reading() as connection:
        if vectors.count(connection, encoder) < MIN_DERIVED:
            graph.remove(folder)
            return False
        base = graph.load(folder, read_pile(connection).epoch)
        if not needs_building(connection, encoder, base):
            return False
        content = read_content(connection, encoder)
    if len(content.ids) < MIN_GRAPH:
        graph.save(folder, content)
        return True
    if base is None:
        graph.save(folder, content)  # to scan while the graph is built
    graph.save(folder, content, graph=graph.build_graph(content.rows, num_threads))
    return True


def read_content(connection: Connection, encoder: int) -> graph.Content:
    """Everything that a derived index is made of, in one state of the store."""
    means = fresh_means(connection, encoder)
    rows = Rows(read_pile(connection).epoch, None, None, means, 0, 0, _NO_IDS, _NO_ROWS)
    rows = _take_in(connection, encoder, rows)
    order = np.argsort(rows.new_ids)
    return graph.Content(rows.epoch, rows.last, means, rows.new_ids[order], rows.new_rows[order])


def _take_in(connection: Connection, encoder: int, rows: Rows) -> Rows:
    """Add the vectors written since, centred and rounded."""
    last, ids, codes = rows.last, [rows.new_ids], [rows.new_rows]
    while True:
        last, new, languages, raw = vectors.read_after(connection, encoder, last, READ_BATCH)
        if not new:
            break
        ids.append(np.asarray(new, np.int64))
        codes.append(round_rows(centre(raw, languages, rows.means)))
    if len(ids) == 1:
        return rows
    stacked = np.concatenate([one for one in codes if len(one)])
    return Rows(rows.epoch, rows.stamp, rows.base, rows.means, last, rows.at, np.concatenate(ids), stacked)


def _is_stale(connection: Connection, encoder: int, rows: Rows) -> bool:
    """Whether means that were taken from the pile are of a much smaller or larger one."""
    if len(rows.new_ids) == rows.at:
        return False
    total = vectors.count(connection, encoder)
    return not 0.9 * rows.at <= total <= 1.1 * rows.at


def _num_rows(rows: Rows) -> int:
    return len(rows.new_ids) + (len(rows.base.content.ids) if rows.base else 0)


def _nearest(rows: Rows, code: NDArray[np.int8], wanted: int) -> list[int]:
    """The ids of the nearest rows, approximately, best first."""
    found: list[tuple[float, int]] = []
    if rows.base is not None:
        held = rows.base.content
        if rows.base.graph is not None and wanted < len(held.ids) // 4:
            rows.base.graph.expansion_search = max(256, wanted)
            matches = rows.base.graph.search(code, wanted, threads=1)
            keys, distances = matches.keys, matches.distances
        else:
            keys, distances = _scan(held.rows, code, wanted)
        found += zip(distances.tolist(), held.ids[keys].tolist(), strict=True)
    keys, distances = _scan(rows.new_rows, code, wanted)
    found += zip(distances.tolist(), rows.new_ids[keys].tolist(), strict=True)
    found.sort()
    return list(dict.fromkeys(passage for _, passage in found))


def _nearest_among(rows: Rows, code: NDArray[np.int8], wanted: int, allowed: NDArray[np.int64]) -> list[int]:
    """The ids of the nearest among some rows."""
    found: list[tuple[float, int]] = []
    places = np.flatnonzero(np.isin(rows.new_ids, allowed))
    parts = [(rows.new_ids[places], rows.new_rows[places])]
    if rows.base is not None:
        held = rows.base.content
        places = np.searchsorted(held.ids, allowed)  # quicker: these ascend
        places = np.sort(places[held.ids[np.minimum(places, len(held.ids) - 1)] == allowed])
        parts.append((held.ids[places], held.rows[places]))
    for ids, codes in parts:
        keys, distances = _scan(codes, code, wanted)
        found += zip(distances.tolist(), ids[keys].tolist(), strict=True)
    found.sort()
    return list(dict.fromkeys(passage for _, passage in found))


def _scan(
    codes: NDArray[np.int8], code: NDArray[np.int8], wanted: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Positions and distances of the nearest rows, by looking at all of them."""
    if not len(codes):
        return _NO_IDS, np.zeros(0, np.float32)
    from usearch.index import search

    matches = search(codes, code, min(wanted, len(codes)), "cos", exact=True, threads=1)
    return matches.keys.astype(np.int64), matches.distances


def _allowed(
    connection: Connection, ids: Sequence[int], conditions: Sequence[ColumnElement[bool]]
) -> list[int]:
    """Those that are still there and meet the conditions, in the same order."""
    kept = set(connection.scalars(_those_that(tuple(conditions)), {"ids": json.dumps(list(ids))}))
    return [one for one in ids if one in kept]


@functools.lru_cache(MAX_STATEMENTS)
def _those_that(conditions: tuple[ColumnElement[bool], ...]) -> Select[int]:
    """The passages of :ids that meet the conditions."""
    query = select(passages.c.id)
    query = query.join_from(passages, documents) if conditions else query
    return query.where(GIVEN, *conditions)


def _score(
    connection: Connection,
    encoder: int,
    query: Vectors,
    ids: Sequence[int],
    means: Mapping[str, Vectors],
) -> list[tuple[int, float]]:
    """Exact cosines, best first."""
    found, languages, raw = vectors.read(connection, encoder, ids)
    if not found:
        return []
    scores = centre(raw, languages, means) @ query
    return sorted(zip(found, scores.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
