"""What tagging reads and writes: how near each document is to some directions, and which tags came of it.

Vectors are read in the order of writing, a piece at a time; memory grows with the documents (four numbers
each and topic), not with the passages. Rough vectors stand in for passages that have no full one yet.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from everask.index import vectors
from everask.index.accounts import read_user
from everask.index.blobs import unpack_vectors
from everask.index.conditions import Groups, may_read
from everask.index.database import Database
from everask.index.learning_schema import document_topics, topic_marks, topics
from everask.index.means import Vectors, centre
from everask.index.people_schema import users
from everask.index.schema import document_groups, documents, state
from everask.index.settings import read_setting, write_setting
from everask.index.topics import Mark, Topic

BATCH = 4_000
_TAGGED = "topics tagged"


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near documents are to K directions: their numbers (N,), and (N, K) of their nearest passage and of
    all their passages on average."""

    documents: NDArray[np.int64]
    nearest: Vectors
    average: Vectors

    @property
    def scores(self) -> Vectors:
        """One number a document and direction: half what its best passage says, half what all of it does."""
        return np.asarray((self.nearest + self.average) / 2, np.float32)


def measure(
    connection: Connection, encoder_id: str, means: Mapping[str, Vectors], directions: Vectors
) -> Nearness:
    """How near all documents with a vector are to `directions` (K, D), which are centred and of length 1."""
    order: dict[int, int] = {}
    num = len(directions)
    best, total, count = np.zeros((0, num), np.float32), np.zeros((0, num)), np.zeros(0)
    for owners, rows in _read_all(connection, encoder_id, means):
        places = np.array([order.setdefault(one, len(order)) for one in owners])
        if len(order) > len(best):
            more = max(len(order), 2 * len(best)) - len(best)
            best = np.concatenate([best, np.full((more, num), -2, np.float32)])
            total, count = (
                np.concatenate([total, np.zeros((more, num))]),
                np.concatenate([count, np.zeros(more)]),
            )
        scores = rows @ directions.T
        np.maximum.at(best, places, scores)
        np.add.at(total, places, scores)
        np.add.at(count, places, 1)
    size = len(order)
    average = (total[:size] / np.maximum(count[:size], 1)[:, None]).astype(np.float32)
    return Nearness(np.fromiter(order, np.int64, size), best[:size], average)


def document_vectors(
    connection: Connection, encoder_id: str, means: Mapping[str, Vectors], numbers: Sequence[int]
) -> dict[int, Vectors]:
    """The direction (D,) of each of some documents: the mean of its passages' centred vectors."""
    query = (
        "SELECT p.id, p.document FROM json_each(?) AS wanted JOIN passages AS p ON p.document = wanted.value"
    )
    rows = connection.exec_driver_sql(query, (json.dumps(list(numbers)),)).all()
    owner = {row.id: row.document for row in rows}
    sums: dict[int, Vectors] = {}
    for encoder in _encoders(connection, encoder_id):
        found, languages, raw = vectors.read(connection, encoder, list(owner))
        for passage, row in zip(found, centre(raw, languages, means) if found else (), strict=True):
            sums[owner[passage]] = sums.get(owner[passage], np.zeros_like(row)) + row
    return {one: row / max(float(np.linalg.norm(row)), 1e-9) for one, row in sums.items()}


def _encoders(connection: Connection, encoder_id: str) -> list[int]:
    full = vectors.find_encoder(connection, encoder_id)
    rough = [number for number, _ in vectors.find_rough(connection, encoder_id)[-1:]]
    return [*([] if full is None else [full]), *rough]


def _read_all(
    connection: Connection, encoder_id: str, means: Mapping[str, Vectors]
) -> Iterator[tuple[list[int], Vectors]]:
    query = (
        "SELECT v.sequence, p.document, p.language, v.data FROM vectors AS v"
        " JOIN passages AS p ON p.id = v.passage"
        " WHERE v.encoder = ? AND v.sequence > ? ORDER BY v.sequence LIMIT ?"
    )
    for encoder in _encoders(connection, encoder_id):
        last = 0
        while rows := connection.exec_driver_sql(query, (encoder, last, BATCH)).all():
            raw = unpack_vectors([row.data for row in rows])
            yield [row.document for row in rows], centre(raw, [row.language for row in rows], means)
            last = rows[-1].sequence


def state_of(connection: Connection, encoder_id: str) -> str:
    """Differs when tags have to be made anew: topics, marks, vectors, documents or their groups changed."""
    marks = connection.execute(select(func.count(), func.max(topic_marks.c.id))).one()
    known = connection.execute(select(topics.c.id, topics.c.wording, topics.c.groups).order_by(topics.c.id))
    counts = [vectors.count(connection, one) for one in _encoders(connection, encoder_id)]
    last = connection.exec_driver_sql("SELECT max(sequence) FROM vectors").scalar()
    granted = connection.scalar(select(func.count()).select_from(document_groups))
    parts = [encoder_id, tuple(marks), [tuple(row) for row in known], counts, last, granted]
    return json.dumps(parts, ensure_ascii=False)


def is_tagged(connection: Connection, wanted: str) -> bool:
    """Whether tags were made of this state."""
    return read_setting(connection, _TAGGED) == wanted


def write_tags(database: Database, tags: Mapping[int, Mapping[str, float]], made_of: str) -> None:
    """Put tags (probabilities by document id, by topic) in place of all that there were; of topics and
    documents that are gone by now, none."""
    now = time.time()
    with database.writing() as connection:
        there = set(connection.scalars(select(topics.c.id)))
        known = set(connection.scalars(select(documents.c.id)))
        connection.execute(delete(document_topics))
        for topic, found in tags.items():
            rows = [
                {"topic": topic, "document": one, "probability": probability, "at": now}
                for one, probability in found.items()
                if one in known and topic in there
            ]
            if rows:
                connection.execute(insert(document_topics), rows)
        write_setting(connection, _TAGGED, made_of)
        # Which passages a limit leaves is remembered until something changes.
        connection.execute(update(state).values(changes=state.c.changes + 1))


def ids_of(connection: Connection) -> dict[int, str]:
    """The ids of all documents by their numbers."""
    return {row.number: row.id for row in connection.execute(select(documents.c.number, documents.c.id))}


def read_marks(connection: Connection, topic: Topic) -> list[Mark]:
    """What people said of documents that all who see the topic may read; of other documents nothing is
    learned, since what was learned shows in everybody's tags."""
    numbers = read_by_all(connection, topic)
    rows = connection.execute(
        select(topic_marks).where(topic_marks.c.topic == topic.id).order_by(topic_marks.c.id)
    )
    return [Mark(row.topic, row.document, row.value, row.user) for row in rows if row.document in numbers]


def read_all_marks(connection: Connection, topic: Topic) -> dict[str, float]:
    """What was said of each document, all people together: above 0 it has the topic, below it has not."""
    said: dict[str, float] = {}
    for row in connection.execute(select(topic_marks).where(topic_marks.c.topic == topic.id)):
        said[row.document] = said.get(row.document, 0.0) + row.value
    return said


def numbers_of(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """The numbers of documents by their ids."""
    query = "SELECT d.id, d.number FROM json_each(?) AS wanted JOIN documents AS d ON d.id = wanted.value"
    rows = connection.exec_driver_sql(query, (json.dumps(list(ids)),)).all()
    return {row.id: row.number for row in rows}


def read_by_all(connection: Connection, topic: Topic) -> set[str]:
    """The documents (ids) that everybody may read who may see a topic."""
    readers: list[Groups]
    if topic.groups is None:
        readers = [_groups_of(connection, topic.user)]
    else:
        readers = [(one,) for one in topic.groups] or [()]
    conditions: list[ColumnElement[bool]] = []
    for groups in readers:
        conditions += may_read(groups)
    return set(connection.scalars(select(documents.c.id).where(*conditions)))


def _groups_of(connection: Connection, user: int | None) -> Groups:
    """What a topic's maker may read; None: everything."""
    if user is None:
        return None
    row = connection.execute(select(users).where(users.c.id == user)).first()
    if row is None:
        return ()
    maker = read_user(connection, row)
    return None if maker.role == "admin" else maker.groups
