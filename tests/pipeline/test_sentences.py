"""Votes and corrections become judged sentences: only in own words, only of what everybody may read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert
from tests.index.pile import make_document, make_source, pair

from everask.index import Store
from everask.index.accounts import Accounts
from everask.index.asks import KeptAsk, keep_ask
from everask.index.events import append, list_events, list_own, remove_event
from everask.index.granting import grant
from everask.index.people_schema import users
from everask.pipeline.labelling import CONTRADICTED, GONE, LIMITED, MIXED, TOO_MUCH
from everask.pipeline.learning import count_sentences, look_at_learning
from everask.pipeline.sentences import (
    A_QUOTE,
    NO_SENTENCE,
    SAME_PLACE,
    JudgedSentence,
    lineage_of,
    read_sentences,
)
from everask.quoted import QuotedPlace, ShownSentence
from everask.types import Event, EventKind

NUM_DOCUMENTS = 40
TEXT = "The copper lamp is kept in room twelve."


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as store:
        for number in range(NUM_DOCUMENTS):
            document = replace(make_document(f"file:///{number}", TEXT), id=f"d{number}")
            store.put_source(make_source(document.uri), [pair(document)])
        with store.database.writing() as connection:
            for id in range(1, 13):
                person = {"name": str(id), "password": "", "role": "member", "active": 1, "created": 0.0}
                connection.execute(insert(users).values(id=id, **person))
        yield store


def judge(
    store: Store,
    number: int,
    value: float = 1.0,
    *,
    user: int = 1,
    text: str = "It is in room twelve.",
    also: tuple[str, ...] = (),
    kind: EventKind = "voted",
    place: tuple[str, int, int] | None = None,
) -> int:
    """What somebody says of a sentence that cites a document, and others."""
    own = QuotedPlace(f"d{number}", 0, len(TEXT))
    shown = ShownSentence(text, (own, *(QuotedPlace(one, 0, len(TEXT)) for one in also)))
    where = place or (own.document_id, own.start, own.end)
    event = Event(kind, time.time(), user, f"ask {number} {user}", f"question {number}?", 0, *where, value)
    return append(store.database, replace(event, shown=shown))


def limit(store: Store, number: int) -> None:
    with store.database.writing() as connection:
        grant(connection, f"file:///{number}", ["board"])


def every(store: Store) -> list[JudgedSentence]:
    found = read_sentences(store)
    return [*found.training, *found.held_out]


def test_half_trains_and_half_measures_and_none_does_both(store: Store) -> None:
    events = [judge(store, number, 1.0 if number % 3 else -1.0) for number in range(NUM_DOCUMENTS)]
    found = read_sentences(store)
    assert len(found.training) + len(found.held_out) == NUM_DOCUMENTS
    assert min(len(found.training), len(found.held_out)) > NUM_DOCUMENTS / 4
    lineage = lineage_of(found.training)
    assert lineage.events < set(events) and lineage.users == {1}
    assert not lineage.documents & {quote.document_id for one in found.held_out for quote in one.quotes}
    assert sum(one.is_right for one in every(store)) == sum(bool(number % 3) for number in range(40))
    assert (found.kinds, found.left_out, found.num_people) == ({"voted": NUM_DOCUMENTS}, {}, 1)
    supply = count_sentences(found)
    assert (supply.examples, supply.questions) == (len(found.training), len(found.held_out))
    (_, _, checker, _) = look_at_learning(store)
    assert checker.kind == "checker" and checker.supply == supply


def test_what_says_nothing_is_left_out_and_counted(store: Store) -> None:
    old = Event("voted", 1.0, 1, "old", "question 1?", 0, "d1", 0, len(TEXT), 1.0)
    append(store.database, old)  # as an older Everask kept it
    judge(store, 2, text="")
    judge(store, 3, kind="corrected", value=0.0)
    append(store.database, replace(old, kind="opened"))
    assert read_sentences(store).left_out == {NO_SENTENCE: 1, A_QUOTE: 1, SAME_PLACE: 1}
    assert not every(store)


def test_a_correction_elsewhere_is_against_the_sentence(store: Store) -> None:
    judge(store, 3, kind="corrected", place=("d4", 0, 10))
    judge(store, 5, 1.0, user=2)
    judge(store, 5, -1.0, user=2)  # the last word counts
    assert [one.is_right for one in every(store)] == [False, False]


def test_people_who_contradict_each_other_teach_nothing(store: Store) -> None:
    for user, value in ((1, 1.0), (2, -1.0)):
        judge(store, 3, value, user=user)
    for user, value in ((1, 1.0), (2, 1.0), (3, 1.0), (4, -1.0)):
        judge(store, 4, value, user=user)
    assert read_sentences(store).left_out == {CONTRADICTED: 2}
    (one,) = every(store)
    assert one.is_right and one.users == {1, 2, 3, 4} and len(one.events) == 4


def test_nobodys_share_is_too_large(store: Store) -> None:
    for number in range(NUM_DOCUMENTS):
        judge(store, number, user=1)
    for user in range(2, 13):
        judge(store, user, user=user)
    assert read_sentences(store).left_out[TOO_MUCH] > 30


def test_what_only_some_may_read_teaches_nothing(store: Store) -> None:
    """Whether it is the first or the second place that the sentence cites, or only shown beside it."""
    judge(store, 1)
    judge(store, 2, also=("d7",))
    asked = KeptAsk("ask 3 1", None, None, "?", "", time.time(), "done", b"", frozenset({"d7", "d3"}))
    keep_ask(store.database, asked, 10)
    judge(store, 3)
    judge(store, 7)
    limit(store, 7)
    assert read_sentences(store).left_out == {LIMITED: 2, MIXED: 1}
    (one,) = every(store)
    assert one.quotes[0].document_id == "d1"


def test_a_sentence_goes_with_each_document_that_it_cites(store: Store) -> None:
    """It holds their words, though the vote is on another's place."""
    judge(store, 1, also=("d2",))
    judge(store, 3, kind="corrected", place=("d4", 0, 10))
    judge(store, 5)
    for gone in (2, 3):
        store.remove_source(f"file:///{gone}")
    (left,) = list_events(store.database)
    assert left.document_id == "d5" and left.shown is not None and left.shown.quotes[0].document_id == "d5"
    with store.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM event_quotes").scalar_one() == 1


def test_a_sentence_goes_when_a_document_that_it_cites_is_changed(store: Store) -> None:
    """The vote stays; the words of the older content do not outlive it."""
    judge(store, 1)
    judge(store, 3, also=("d1",))
    judge(store, 5)
    changed = replace(make_document("file:///1", "All is new."), id="d1 again")
    store.put_source(make_source(changed.uri), [pair(changed)])
    first, second, third = list_events(store.database)
    assert first.document_id == "d1" and first.shown is None and second.shown is None
    assert third.shown is not None and third.shown.quotes
    assert read_sentences(store).left_out == {GONE: 1, NO_SENTENCE: 1}


def test_a_sentence_goes_with_who_voted_and_with_the_vote(store: Store) -> None:
    judge(store, 1)
    taken = judge(store, 2, user=2)
    event = remove_event(store.database, taken, 2, None)
    assert event.shown is not None and event.shown.text == "It is in room twelve."
    Accounts(store.database).remove("1")
    assert not list_events(store.database) and not every(store)
    with store.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM event_quotes").scalar_one() == 0


def test_what_somebody_may_no_longer_read_is_not_listed_to_them(store: Store) -> None:
    judge(store, 1, also=("d7",))
    assert len(list_own(store.database, 1, ())) == 1
    limit(store, 7)
    assert not list_own(store.database, 1, ()) and len(list_own(store.database, 1, ("board",))) == 1


def test_a_place_that_is_in_no_passage_is_gone(store: Store) -> None:
    shown = ShownSentence("It is so.", (QuotedPlace("d1", 5, 9_000),))
    event = Event("voted", 1.0, 1, "ask", "question?", 0, "d1", 5, 9, 1.0, shown=shown)
    append(store.database, event)
    assert read_sentences(store).left_out == {GONE: 1}
