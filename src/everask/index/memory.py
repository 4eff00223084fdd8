"""The query memory's rows: which passages were judged for which questions, and the questions' vectors.

Found by the question's key, or by the likeness of its vector. Held in memory while a process searches (a
flat matrix: a person makes thousands of judgements, not millions), and read again when rows were added or
went. What a judgement is worth is `feedback`'s.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, update

from everask.feedback import Remembered, question_key
from everask.index.blobs import pack_vectors, storable, unpack_vectors
from everask.index.conditions import Groups, passage_conditions
from everask.index.database import Database
from everask.index.means import Vectors, centre
from everask.index.people_schema import remembered
from everask.index.schema import documents, passages
from everask.index.settings import read_setting, write_setting
from everask.types import Filters

MAX_ROWS = 50_000
MAX_OF_ONE = 5_000
"""A person's oldest judgements go first, and they never take more room than this."""
MAX_FOUND = 200
MAX_QUESTION = 2_000
_ENCODED = "memory_encoded"


@dataclass(frozen=True, slots=True)
class Kept:
    """A judgement as it is kept: of a passage, for a question in a language, by somebody."""

    question: str
    language: str
    user: int | None
    passage: int
    weight: float
    at: float


@dataclass(slots=True)
class _Rows:
    """What is held of the table: columns, the rows of each question's key, and the vectors of those rows that
    have one of this encoder."""

    version: tuple[int, int, int] = (0, 0, 0)
    encoder: str = ""
    of_key: dict[str, list[int]] = field(default_factory=dict)
    users: list[int | None] = field(default_factory=list)
    passages: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    with_vector: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    raw: Vectors = field(default_factory=lambda: np.zeros((0, 1), np.float32))
    means: Mapping[str, Vectors] | None = None
    centred: Vectors = field(default_factory=lambda: np.zeros((0, 1), np.float32))


class Memory:
    """The judgements of one store, for threads that search and write."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = _Rows()
        self._lock = threading.Lock()

    def put(self, judged: Sequence[Kept]) -> None:
        """Keep judgements, each in place of the same person's earlier one of that passage and question.

        A weight of 0 takes it back. Passages that are gone are passed over.
        """
        with self._database.writing() as connection:
            for one in judged:
                _put(connection, one)
            _trim(connection, {one.user for one in judged})

    def look(
        self,
        question: str,
        near: tuple[str, Vectors, Mapping[str, Vectors]] | None = None,
        filters: Filters | None = None,
        groups: Groups = None,
    ) -> list[Remembered]:
        """Judgements of passages that the asker may find, for this question and for ones like it.

        `near` is the encoder's id, the question's vector (d,) less its language's mean, and the means.
        """
        with self._database.reading() as connection:
            with self._held(connection, near[0] if near else "") as rows:
                found = [
                    Remembered(rows.passages[row], rows.users[row], rows.weights[row], value)
                    for row, value in _most_like(rows, question_key(question), near)
                ]
            allowed = _allowed(connection, {one.passage for one in found}, filters or Filters(), groups)
        return [one for one in found if one.passage in allowed]

    def places(self, document_id: str, start: int, end: int, groups: Groups = None) -> list[int]:
        """The passages that hold a place of a document that the asker may read."""
        query = select(passages.c.id).join(documents).where(documents.c.id == document_id)
        here = and_(passages.c.start < max(end, start + 1), passages.c.end > start)
        with self._database.reading() as connection:
            return list(connection.scalars(query.where(here, *passage_conditions(Filters(), groups))))

    def waiting(self, encoder_id: str, limit: int) -> list[tuple[int, str]]:
        """Questions (row, text) without a vector of this encoder."""
        query = select(remembered.c.id, remembered.c.question).where(remembered.c.encoder != encoder_id)
        with self._database.reading() as connection:
            return [(row.id, row.question) for row in connection.execute(query.limit(limit))]

    def put_vectors(self, encoder_id: str, ids: Sequence[int], vectors: Vectors) -> None:
        """Keep the raw vectors (n, d) of questions."""
        with self._database.writing() as connection:
            for id, data in zip(ids, pack_vectors(vectors), strict=True):
                row = update(remembered).where(remembered.c.id == id)
                connection.execute(row.values(encoder=encoder_id, vector=data))
            write_setting(connection, _ENCODED, str(_num_encoded(connection) + 1))

    @contextmanager
    def _held(self, connection: Connection, encoder_id: str) -> Iterator[_Rows]:
        """The rows as they are now; nobody else uses them meanwhile."""
        with self._lock:
            version = _version(connection)
            if version != self._rows.version or encoder_id not in ("", self._rows.encoder):
                self._rows = _read(connection, version, encoder_id)
            yield self._rows


def _put(connection: Connection, one: Kept) -> None:
    question = storable(one.question[:MAX_QUESTION])
    key = question_key(question)
    same = and_(remembered.c.key == key, remembered.c.passage == one.passage, _is_of(one.user))
    connection.execute(delete(remembered).where(same))
    known = connection.scalar(select(passages.c.id).where(passages.c.id == one.passage))
    if not one.weight or known is None:
        return
    row = insert(remembered).values(key=key, question=question, language=one.language, user=one.user)
    row = row.values(passage=one.passage, weight=one.weight, at=one.at, encoder="", vector=b"")
    connection.execute(row)


def _trim(connection: Connection, users: set[int | None]) -> None:
    """Let the oldest go where there are too many, of a person or in all."""
    for user in users:
        _keep_newest(connection, _is_of(user), MAX_OF_ONE)
    _keep_newest(connection, remembered.c.id > 0, MAX_ROWS)


def _keep_newest(connection: Connection, which: ColumnElement[bool], most: int) -> None:
    rows = select(remembered.c.id).where(which)
    last = connection.scalar(rows.order_by(remembered.c.id.desc()).offset(most).limit(1))
    if last is not None:
        connection.execute(delete(remembered).where(which, remembered.c.id <= last))


def _is_of(user: int | None) -> ColumnElement[bool]:
    return remembered.c.user.is_(None) if user is None else remembered.c.user == user


def _version(connection: Connection) -> tuple[int, int, int]:
    """Differs when rows were added or went, or were given vectors."""
    count, last = connection.execute(select(func.count(remembered.c.id), func.max(remembered.c.id))).one()
    return int(count), int(last or 0), _num_encoded(connection)


def _num_encoded(connection: Connection) -> int:
    """How often vectors were kept."""
    return int(read_setting(connection, _ENCODED) or 0)


def _read(connection: Connection, version: tuple[int, int, int], encoder_id: str) -> _Rows:
    rows = _Rows(version, encoder_id)
    blobs: list[bytes] = []
    with_vector: list[int] = []
    for place, row in enumerate(connection.execute(select(remembered).order_by(remembered.c.id))):
        rows.of_key.setdefault(row.key, []).append(place)
        rows.users.append(row.user)
        rows.passages.append(row.passage)
        rows.weights.append(row.weight)
        rows.languages.append(row.language)
        if encoder_id and row.encoder == encoder_id:
            with_vector.append(place)
            blobs.append(row.vector)
    if blobs:
        rows.raw, rows.with_vector = unpack_vectors(blobs), np.array(with_vector, np.int64)
    return rows


def _most_like(
    rows: _Rows, key: str, near: tuple[str, Vectors, Mapping[str, Vectors]] | None
) -> list[tuple[int, float]]:
    """The rows whose questions are most like this one, first the most: 1 for the same, else the cosine."""
    likeness = np.full(len(rows.passages), -np.inf, np.float32)
    if near is not None and rows.with_vector.size:
        _, vector, means = near
        if rows.means is not means:
            languages = [rows.languages[place] for place in rows.with_vector]
            rows.centred, rows.means = centre(rows.raw, languages, means), means
        likeness[rows.with_vector] = rows.centred @ vector
    likeness[rows.of_key.get(key, [])] = 1.0
    best = np.arange(likeness.size)
    if best.size > MAX_FOUND:
        least = np.partition(likeness, -MAX_FOUND)[-MAX_FOUND]
        best = np.flatnonzero(likeness >= least)
    order = best[np.argsort(-likeness[best], kind="stable")][:MAX_FOUND]
    return [(int(row), float(likeness[row])) for row in order if np.isfinite(likeness[row])]


def _allowed(connection: Connection, ids: set[int], filters: Filters, groups: Groups) -> set[int]:
    if not ids:
        return set()
    query = select(passages.c.id).join(documents).where(passages.c.id.in_(ids))
    return set(connection.scalars(query.where(*passage_conditions(filters, groups))))
