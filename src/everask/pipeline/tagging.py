"""Which documents have which topics: made for the whole pile, in the background, whenever something changed.

A topic is a direction: its wording's vector, moved by what people said of documents, then by the documents
nearest to it. How near is near enough is taken from the pile's own distribution of scores, then from what
people said. Knows the store and the encoder; how scores become tags is models/description_tagger's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from sqlalchemy import Connection

from everask.encoder import Encoder
from everask.index import Store
from everask.index.tagging import (
    Nearness,
    document_vectors,
    ids_of,
    is_tagged,
    measure,
    read_all_marks,
    read_by_all,
    state_of,
    write_tags,
)
from everask.index.topics import Topic, all_topics, any_topics, set_wording
from everask.models.description_tagger.model import (
    NUM_NEAREST,
    compete,
    correct,
    find_rivals,
    look_around,
    share_out,
    spread,
)
from everask.models.label_sequence.model import parents_of, path_of
from everask.pipeline.topic_directions import directions_of
from everask.settings import Settings

LOCK_NAME = "topics.lock"
FOLLOW = 300.0
"""Seconds between two taggings while vectors are made."""
TAGGED = 0.5
"""The probability from which on a document has a topic."""

Vectors = NDArray[np.float32]
Column = NDArray[np.float64]


class Parts(Protocol):
    """What tagging needs of an engine."""

    settings: Settings
    store: Store

    @property
    def encoder(self) -> Encoder | None:
        """None: nothing is tagged."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What the pile's documents (N, by number) have of some topics (K): probabilities (N, K)."""

    documents: NDArray[np.int64]
    probability: Column


def tag_pile(parts: Parts, stopped: Callable[[], bool] | None = None) -> bool:
    """Make all tags anew if something changed since they were made; whether that was so.

    Only one process at a time does it. Nothing happens without an encoder, or without topics.
    """
    encoder = parts.encoder
    if encoder is None:
        return False
    with parts.store.database.reading() as connection:
        if not any_topics(connection) or is_tagged(connection, state_of(connection, encoder.id)):
            return False
    try:
        with FileLock(parts.settings.data / LOCK_NAME, timeout=0):
            return not (stopped and stopped()) and _tag(parts.store, encoder)
    except Timeout:
        return False


def following(
    parts: Parts, asked: Callable[[], list[str]], stopped: Callable[[], bool] | None
) -> Callable[[], list[str]]:
    """The same as `asked`, which is called at each batch of vectors; tags follow every `FOLLOW` seconds."""
    next_at = time.monotonic() + FOLLOW

    def ask() -> list[str]:
        nonlocal next_at
        if time.monotonic() >= next_at:
            tag_pile(parts, stopped)
            next_at = time.monotonic() + FOLLOW
        return asked()

    return ask


def _tag(store: Store, encoder: Encoder) -> bool:
    with store.database.reading() as connection:
        topics = all_topics(connection)
        dropped = [one for one in topics if not _may_keep_wording(connection, one)]
    for one in dropped:
        set_wording(store.database, replace(one, wording=one.description, sources=(), learned={}))
    means = store.dense_means(encoder.id)
    with store.database.reading() as connection:
        made_of = state_of(connection, encoder.id)
        topics = all_topics(connection)
        tags: dict[int, dict[str, float]] = {}
        if topics and means:
            directions = directions_of(connection, encoder, means, topics)
            rivals = find_rivals(directions) & _may_rival(topics)
            scored = score(connection, encoder, means, directions, rivals)
            names = ids_of(connection)
            ids = [names.get(int(one), "") for one in scored.documents]
            tags = {
                one.id: _tags_of(connection, one, ids, scored.probability[:, at])
                for at, one in enumerate(topics)
            }
    write_tags(store.database, with_parents(topics, tags), made_of)
    return True


def with_parents(
    topics: Sequence[Topic], tags: Mapping[int, Mapping[str, float]]
) -> dict[int, dict[str, float]]:
    """Tags as whole paths: what has a maker's topic `a›b` has their topic `a`, at least as probably."""
    named = {(one.user, path_of(one.name)): one.id for one in topics}
    whole = {topic: dict(found) for topic, found in tags.items()}
    for one in topics:
        for parent in parents_of(one.name):
            above = named.get((one.user, parent))
            if above is None or above not in whole:
                continue
            for document, probability in tags.get(one.id, {}).items():
                whole[above][document] = max(probability, whole[above].get(document, 0.0))
    return whole


def _may_keep_wording(connection: Connection, topic: Topic) -> bool:
    """Whether the documents whose words a wording has are there, and all who see it may read them."""
    return not topic.sources or set(topic.sources) <= read_by_all(connection, topic)


def _may_rival(topics: Sequence[Topic]) -> NDArray[np.bool_]:
    """Topics of one maker may be rivals, but none of one above it: others' topics change nothing of mine."""
    above = [set(parents_of(one.name)) for one in topics]
    names = [path_of(one.name) for one in topics]
    return np.array(
        [
            [one.user == other.user and names[at] not in above[to] and names[to] not in above[at] and at != to
             for to, other in enumerate(topics)]
            for at, one in enumerate(topics)
        ]
    )  # fmt: skip


def score(
    connection: Connection,
    encoder: Encoder,
    means: Mapping[str, Vectors],
    directions: Vectors,
    rivals: NDArray[np.bool_],
) -> Scored:
    """The probability that each document has each topic, before anything is said of single documents."""
    near = measure(connection, encoder.id, means, directions)
    if not len(near.documents):
        return Scored(near.documents, np.zeros((0, len(directions))))
    if len(near.documents) > 2 * NUM_NEAREST:
        around = _around(connection, encoder, means, near)
        near = measure(connection, encoder.id, means, look_around(directions, around))
    shown = compete(spread(near.scores), rivals)
    return Scored(near.documents, np.stack([share_out(column) for column in shown.T], axis=1))


def _around(
    connection: Connection, encoder: Encoder, means: Mapping[str, Vectors], near: Nearness
) -> Vectors:
    """The directions (K, M, D) of the documents nearest to each topic."""
    order = near.documents[np.argsort(-near.scores, axis=0)[:NUM_NEAREST]].T
    known = document_vectors(connection, encoder.id, means, [int(one) for one in np.unique(order)])
    return np.stack([np.stack([known[int(one)] for one in row]) for row in order])


def _tags_of(
    connection: Connection, topic: Topic, ids: Sequence[str], probability: Column
) -> dict[str, float]:
    """The tags of one topic, by document id, with what people said of single documents."""
    said = read_all_marks(connection, topic)
    place = {one: at for at, one in enumerate(ids)}
    known = [(place[one], value > 0) for one, value in said.items() if one in place and value]
    thought = probability[[at for at, _ in known]] if known else np.zeros(0)
    moved = correct(probability, thought, np.array([right for _, right in known], bool))
    tags = {one: float(value) for one, value in zip(ids, moved, strict=True) if value >= TAGGED and one}
    tags |= {one: 1.0 for one, value in said.items() if value > 0}
    return {one: value for one, value in tags.items() if said.get(one, 0.0) >= 0}
