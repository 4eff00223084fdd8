"""What was trained is kept with what it learned from; what is gone of that is noticed, however it went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, insert

from everask.errors import NotFoundError
from everask.index import Store
from everask.index.granting import grant
from everask.index.learned import (
    GONE,
    LEFT,
    LIMITED,
    Learned,
    Lineage,
    find_learned,
    list_learned,
    put_learned,
    read_lineage,
    serve,
    serving_name,
    serving_weights,
    trial_weights,
    try_out,
)
from everask.index.people_schema import users
from everask.types import Block, Document, Passage, Source

TEXT = "The copper lamp is kept in room twelve."


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as store:
        put(store, "lamp", TEXT)
        put(store, "other", TEXT)
        with store.database.writing() as connection:
            person = {"name": "ann", "password": "", "role": "member", "active": 1, "created": 0.0}
            connection.execute(insert(users).values(id=7, **person))
            lineage = Lineage(frozenset({1, 2}), frozenset({"lamp-0"}), frozenset({7}))
            card = {"weights": {"twin": 0.5}}
            put_learned(connection, Learned("ranker-1", "ranker", 1.0, "kept", card=card), lineage)
            put_learned(connection, Learned("ranker-2", "ranker", 2.0, "refused"), Lineage())
        yield store


def put(store: Store, name: str, text: str, version: int = 0) -> None:
    document = Document(
        id=f"{name}-{version}",
        name=name,
        uri=f"file:///{name}",
        title="",
        media_type="text/plain",
        content=f"{version:064x}",
        language="en",
        modified=0.0,
        size=len(text),
        text=text,
        blocks=(Block("text", 0, len(text)),),
    )
    passage = Passage(0, document.id, 0, 0, len(text), text, text, "en")
    source = Source(document.uri, "file:///", (0, 0, 0), document.content, "ok", "", 1, 0.0)
    store.put_source(source, [(document, [passage])])


def stale(store: Store) -> str:
    with store.database.reading() as connection:
        return find_learned(connection, "ranker-1").stale


def test_it_comes_back_as_it_was_kept(store: Store) -> None:
    with store.database.reading() as connection:
        newest, first = list_learned(connection, "ranker")
        assert (newest.name, newest.state, newest.num_events) == ("ranker-2", "refused", 0)
        assert (first.num_events, first.num_documents, first.num_users, first.stale) == (2, 1, 1, "")
        assert read_lineage(connection, "ranker-1").events == {1, 2}
        assert list_learned(connection, "checker") == []
        with pytest.raises(NotFoundError):
            find_learned(connection, "ranker-9")


def test_what_serves_and_what_is_on_trial_is_one_setting(store: Store) -> None:
    with store.database.writing() as connection:
        assert serving_name(connection, "ranker") is None and serving_weights(connection, "ranker") is None
        serve(connection, "ranker", "ranker-1")
        try_out(connection, "ranker", "ranker-2")
        assert serving_weights(connection, "ranker") == ("ranker-1", {"twin": 0.5})
        assert trial_weights(connection, "ranker") is None  # it has none
        serve(connection, "ranker", None)
        assert serving_name(connection, "ranker") is None


def test_a_document_that_is_removed_makes_it_stale(store: Store) -> None:
    store.remove_source("file:///other")
    assert stale(store) == ""
    store.remove_source("file:///lamp")
    assert stale(store) == GONE


def test_a_changed_file_does_not_but_removing_it_afterwards_does(store: Store) -> None:
    put(store, "lamp", TEXT.replace("twelve", "nine"), version=1)
    assert stale(store) == ""
    with store.database.reading() as connection:
        assert read_lineage(connection, "ranker-1").documents == {"lamp-1"}
    store.remove_source("file:///lamp")
    assert stale(store) == GONE


def test_a_document_that_only_some_may_read_by_now_makes_it_stale(store: Store) -> None:
    with store.database.writing() as connection:
        grant(connection, "file:///lamp", ["board"])
    assert stale(store) == LIMITED


def test_a_person_who_is_removed_makes_it_stale(store: Store) -> None:
    with store.database.writing() as connection:
        connection.execute(delete(users).where(users.c.id == 7))
    assert stale(store) == LEFT


def test_a_damaged_card_has_no_weights_and_stops_nothing(store: Store) -> None:
    with store.database.writing() as connection:
        put_learned(connection, replace(find_learned(connection, "ranker-1"), card={}), Lineage())
        connection.exec_driver_sql("UPDATE learned SET card = '{\"weights\": {' WHERE name = 'ranker-1'")
        serve(connection, "ranker", "ranker-1")
        assert serving_weights(connection, "ranker") is None
        assert dict(find_learned(connection, "ranker-1").card) == {}
