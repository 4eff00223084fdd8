"""Events become questions to learn from and to measure with: only of what everybody may read, never both."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert
from tests.index.pile import make_document, make_source, pair

from everask.index import Store
from everask.index.asks import KeptAsk, keep_ask
from everask.index.events import append, remove_event
from everask.index.granting import grant
from everask.index.people_schema import users
from everask.index.saved import Saved, save_question
from everask.pipeline.labelling import GONE, LIMITED, MIXED, NO_PLACE, read_labels
from everask.types import Event

NUM_DOCUMENTS = 40
TEXT = "The copper lamp is kept in room twelve."


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as store:
        for number in range(NUM_DOCUMENTS):
            put(store, number)
        with store.database.writing() as connection:
            for id in (1, 2, 3):
                person = {"name": str(id), "password": "", "role": "member", "active": 1, "created": 0.0}
                connection.execute(insert(users).values(id=id, **person))
        yield store


def put(store: Store, number: int) -> None:
    document = replace(make_document(f"file:///{number}", TEXT), id=f"d{number}")
    store.put_source(make_source(document.uri), [pair(document)])


def vote(store: Store, number: int, user: int = 1, ask: str = "") -> int:
    place = (f"d{number}", 0, len(TEXT))
    return append(store.database, Event("voted", 1.0, user, ask, f"question {number}?", 0, *place, value=1.0))


def limit(store: Store, number: int) -> None:
    with store.database.writing() as connection:
        grant(connection, f"file:///{number}", ["board"])


def test_half_trains_and_half_measures_and_none_does_both(store: Store) -> None:
    events = [vote(store, number) for number in range(NUM_DOCUMENTS)]
    labels = read_labels(store)
    assert len(labels.training) + len(labels.held_out) == NUM_DOCUMENTS
    assert min(len(labels.training), len(labels.held_out)) > NUM_DOCUMENTS / 4
    measured = {document for one in labels.held_out for document in one.documents}
    assert not measured & labels.lineage.documents
    assert labels.lineage.events < set(events) and labels.lineage.users == {1}
    assert (labels.kinds, labels.left_out, labels.num_people) == ({"voted": NUM_DOCUMENTS}, {}, 1)


def test_few_documents_are_held_out_in_parts(store: Store) -> None:
    """Of one document nothing could be learned and measured otherwise."""
    vote(store, 1)
    (one,) = (*read_labels(store).training, *read_labels(store).held_out)
    assert one.unit == "file:///1 0"


def test_what_only_some_may_read_teaches_nothing(store: Store) -> None:
    for number in range(NUM_DOCUMENTS):
        vote(store, number)
    limit(store, 7)
    labels = read_labels(store)
    assert labels.left_out == {LIMITED: 1}
    every = [*labels.training, *labels.held_out]
    assert all("d7" not in one.documents and one.key != "question 7" for one in every)


def test_a_vote_on_an_answer_that_shows_a_restricted_document_teaches_nothing(store: Store) -> None:
    """The question may be about what only some may read, though the vote is on an open page."""
    limit(store, 7)
    shown = frozenset({"d7", "d8"})
    asked = KeptAsk("a", None, None, "secret?", "", time.time(), "done", b"", shown)
    keep_ask(store.database, asked, 10)
    vote(store, 8, ask="a")
    labels = read_labels(store)
    assert labels.left_out == {MIXED: 1} and not labels.training and not labels.held_out


def test_what_is_gone_teaches_nothing(store: Store) -> None:
    for number in range(NUM_DOCUMENTS):
        vote(store, number)
    taken = vote(store, 3, user=2)
    remove_event(store.database, taken, 2, None)
    store.remove_source("file:///5")  # its events go with it
    append(store.database, Event("voted", 1.0, 1, "", "of no place", 0, value=1.0))
    append(store.database, Event("opened", 1.0, 1, "", "of a document that is gone", None, "d99", 0, 4))
    labels = read_labels(store)
    assert labels.left_out == {NO_PLACE: 1, GONE: 1}
    assert taken not in {event for one in labels.training for event in one.events}
    assert all("d5" not in one.documents for one in (*labels.training, *labels.held_out))


def test_saved_questions_measure_and_never_train(store: Store) -> None:
    for number in range(NUM_DOCUMENTS):
        vote(store, number)
    trained = read_labels(store).training[0]
    (document,) = trained.documents
    save_question(store.database, Saved(trained.question.upper(), document, 0, len(TEXT), 1.0, 2))
    labels = read_labels(store)
    assert trained.key not in {one.key for one in labels.training}
    (saved,) = [one for one in labels.held_out if one.key == trained.key]
    assert saved.right == trained.right and not saved.events
    assert saved.key in labels.held_out_keys
