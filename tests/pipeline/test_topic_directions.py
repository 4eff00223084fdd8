"""Topics that move together: of one maker, for the same readers, and none that a document may have both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Connection

from everask.encoder.unit import unit
from everask.index.topics import Topic
from everask.models.description_tagger.together import FOLDS
from everask.pipeline import topic_directions
from everask.pipeline.topic_directions import _alone, _Said, _together, directions_of

SIZE = 8
CHANCE = np.random.default_rng(1)


def said(axis: int, count: int = FOLDS, prefix: str = "") -> _Said:
    """A topic along an axis, and documents near it."""
    own = np.eye(SIZE, dtype=np.float32)[axis]
    noise = CHANCE.standard_normal((count, SIZE)).astype(np.float32)
    rows: NDArray[np.float32] = unit(own + 0.4 * noise)
    return _Said(own, {f"{prefix or axis}-{at}": row for at, row in enumerate(rows)}, {})


def topic(number: int, user: int | None = 1, groups: tuple[str, ...] | None = ()) -> Topic:
    return Topic(f"topic {number}", "", "", user, groups, id=number)


def test_only_topics_for_the_same_readers_move_together() -> None:
    topics = [topic(0), topic(1), topic(2, groups=("board",)), topic(3, user=2), topic(4)]
    known = [said(0), said(1), said(2), said(3), said(4, FOLDS - 1)]
    assert list(_together(topics, known)) == [[0, 1]], "the last was said of too few"


def test_what_a_document_may_have_both_of_moves_by_itself() -> None:
    known = [said(0), said(1), said(2), said(3)]
    assert list(_together([topic(at) for at in range(4)], known)) == [[0, 1, 2, 3]]
    shared = [said(0, prefix="same"), said(1, prefix="same"), *known[2:]]
    assert list(_together([topic(at) for at in range(4)], shared)) == [[2, 3]]
    above = [replace(topic(0), name="Money"), replace(topic(1), name="Money › Bills"), topic(2), topic(3)]
    assert list(_together(above, known)) == [[2, 3]]
    alike = [known[0], replace(known[1], own=known[0].own), *known[2:]]
    assert list(_together([topic(at) for at in range(4)], alike)) == [[2, 3]]
    assert list(_together([topic(0), topic(1)], shared[:2])) == []


def test_directions_tell_apart_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    topics = [topic(0), topic(1), topic(2, groups=None)]
    known = {0: said(0), 1: said(1), 2: said(2)}
    monkeypatch.setattr(topic_directions, "_read", lambda connection, encoder, means, one: known[one.id])
    connection: Connection = None  # type: ignore[assignment]
    found = directions_of(connection, None, {}, topics)  # type: ignore[arg-type]
    assert found.shape == (3, SIZE) and np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert np.array_equal(found[2], _alone(known[2])), "nobody else may see it"
    for at, other in ((0, 1), (1, 0)):
        rows = np.stack(list(known[at].right.values()))
        assert (rows @ (found[at] - found[other])).min() > 0
