"""Where topics point: a wording's vector, moved by what people said of documents; from many of these on, what
they alone say.

Topics of one maker for the same readers that exclude each other are moved together: what has the one of them
has none of the others. Others never are: what moves a topic shows in its readers' tags, so it must be of
documents that all of them may read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from everask.encoder import Encoder
from everask.encoder.unit import unit
from everask.index.means import centre_one
from everask.index.tagging import document_vectors, numbers_of, read_marks
from everask.index.topics import Topic
from everask.models.description_tagger.model import MANY, SAME, fit_logistic, move
from everask.models.description_tagger.together import FOLDS, move_together
from everask.models.label_sequence.model import parents_of, path_of
from everask.text import language_of

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Said:
    """A topic's wording (D,), and the vectors of documents that were said to have it, and not to, by id."""

    own: Vectors
    right: Mapping[str, Vectors]
    wrong: Mapping[str, Vectors]

    @property
    def is_much(self) -> bool:
        """Whether it needs no wording any more."""
        return min(len(self.right), len(self.wrong)) >= MANY


def directions_of(
    connection: Connection, encoder: Encoder, means: Mapping[str, Vectors], topics: Sequence[Topic]
) -> Vectors:
    """The directions (K, D) of topics."""
    said = [_read(connection, encoder, means, one) for one in topics]
    made = np.stack([_alone(one) for one in said])
    for places in _together(topics, said):
        begun = [move(said[at].own, _stack({}, said[at].own), _stack(said[at].wrong, said[at].own)) for at in
                 places]  # fmt: skip
        rows = np.concatenate([_stack(said[at].right, said[at].own) for at in places])
        targets = np.repeat(np.arange(len(places)), [len(said[at].right) for at in places])
        made[places] = move_together(np.stack(begun), rows, targets)
    return made


def wording_direction(encoder: Encoder, means: Mapping[str, Vectors], wording: str) -> Vectors:
    """The direction (D,) of a wording, without its language's mean."""
    return centre_one(encoder.encode_query(wording), language_of(wording), means)


def _read(connection: Connection, encoder: Encoder, means: Mapping[str, Vectors], topic: Topic) -> _Said:
    said: dict[str, float] = {}
    for one in read_marks(connection, topic):
        said[one.document_id] = said.get(one.document_id, 0.0) + one.value
    numbers = numbers_of(connection, list(said))
    known = document_vectors(connection, encoder.id, means, list(numbers.values()))
    right, wrong = (
        {
            one: known[numbers[one]]
            for one, value in said.items()
            if value * sign > 0 and numbers.get(one) in known
        }
        for sign in (1, -1)
    )
    return _Said(wording_direction(encoder, means, topic.wording), right, wrong)


def _alone(said: _Said) -> Vectors:
    """A topic's direction by what was said of it alone."""
    right, wrong = _stack(said.right, said.own), _stack(said.wrong, said.own)
    if said.is_much:
        target = np.arange(len(right) + len(wrong)) < len(right)
        return unit(np.asarray(fit_logistic(np.concatenate([right, wrong]), target).weights, np.float32))
    return move(said.own, right, wrong)


def _together(topics: Sequence[Topic], said: Sequence[_Said]) -> Iterator[list[int]]:
    """Which topics move together, by their places."""
    by_readers: dict[tuple[int | None, tuple[str, ...] | None], list[int]] = defaultdict(list)
    for at, (topic, one) in enumerate(zip(topics, said, strict=True)):
        if len(one.right) >= FOLDS and not one.is_much:
            by_readers[topic.user, topic.groups].append(at)
    for places in by_readers.values():
        apart = [
            at
            for at in places
            if all(_exclude(topics[at], topics[to], said[at], said[to]) for to in places if to != at)
        ]
        if len(apart) > 1:
            yield apart


def _exclude(topic: Topic, other: Topic, said: _Said, others: _Said) -> bool:
    """Whether a document hardly has both: none was said to, neither is above the other, and they do not say
    the same."""
    is_above = path_of(topic.name) in parents_of(other.name) or path_of(other.name) in parents_of(topic.name)
    return not is_above and not set(said.right) & set(others.right) and float(said.own @ others.own) < SAME


def _stack(vectors: Mapping[str, Vectors], like: Vectors) -> Vectors:
    """Rows (n, D), as wide as `like`."""
    return np.stack(list(vectors.values())) if vectors else np.zeros((0, len(like)), np.float32)
