"""What was shown, as it is kept: rights, what goes with a document or a person, and no flood."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from everask.index import Store, impressions
from everask.index.impressions import ShownList, ShownPlace, list_impressions, put_impressions
from everask.index.learning_schema import impression_places
from everask.index.people_schema import users
from everask.types import Block, Document, Passage, Source

PILE = {"open": (), "secret": ("board",), "other": ()}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path)
    for number, (name, groups) in enumerate(PILE.items(), 1):
        put(opened, name, number, groups)
    with opened.database.writing() as connection:
        for id in (1, 2):
            row = insert(users).values(id=id, name=str(id), password="", role="member", active=1, created=0.0)
            connection.execute(row)
    yield opened
    opened.close()


def put(store: Store, name: str, number: int, groups: tuple[str, ...]) -> None:
    text = f"The {name} text."
    uri = f"file:///pile/{name}"
    document = Document(
        f"{number:032x}", name, uri, "", "text/plain", f"{number:064x}", "en", 0.0, len(text),
        text=text, blocks=(Block("text", 0, len(text)),), groups=groups,
    )  # fmt: skip
    passage = Passage(0, document.id, 0, 0, len(text), text, text, "en")
    source = Source(uri, uri, (0, 0, 0), f"{number:064x}", "ok", "", 1, 0.0)
    store.put_source(source, [(document, [passage])])


def passage(store: Store, name: str) -> int:
    (found,) = store.passages(store.find_document(name).id)
    return found.id


def shown(store: Store, *names: str, user: int | None = None, question: str = "What?") -> ShownList:
    places = tuple(ShownPlace(passage(store, name), None, {"score": 0.5}) for name in names)
    return ShownList(question, "en", user, "search", 1.0, places, {"natural": [1, 0]})


def keep(store: Store, *lists: ShownList) -> int:
    with store.database.writing() as connection:
        return put_impressions(connection, lists)


def read(store: Store, groups: tuple[str, ...] | None = None) -> list[ShownList]:
    with store.database.reading() as connection:
        return list_impressions(connection, groups)


def test_a_list_comes_back_as_it_was_shown(store: Store) -> None:
    assert keep(store, shown(store, "other", "open", user=1)) == 1
    (found,) = read(store)
    assert [place.passage for place in found.places] == [passage(store, "other"), passage(store, "open")]
    assert found.user == 1 and found.detail == {"natural": [1, 0]} and found.places[0].detail["score"] == 0.5


def test_who_may_not_read_a_place_does_not_see_the_list(store: Store) -> None:
    keep(store, shown(store, "open", "secret"), shown(store, "open", "other"))
    assert len(read(store)) == 2
    assert len(read(store, ("board",))) == 2
    assert [len(one.places) for one in read(store, ())] == [2]
    assert passage(store, "secret") not in {place.passage for one in read(store, ()) for place in one.places}


def test_lists_go_with_a_document_that_they_show_and_with_their_person(store: Store) -> None:
    keep(store, shown(store, "open", "other", user=1), shown(store, "open", user=1))
    assert store.remove_source("file:///pile/other")
    assert [len(one.places) for one in read(store)] == [1]  # the other list's question may be about it
    with store.database.writing() as connection:
        connection.execute(users.delete().where(users.c.id == 1))
    assert read(store) == []
    with store.database.reading() as connection:
        assert connection.execute(select(impression_places)).all() == []


def test_what_is_gone_before_it_is_written_is_passed_over(store: Store) -> None:
    late = shown(store, "other", "open")
    assert store.remove_source("file:///pile/other")
    assert keep(store, late, shown(store, "open", user=99)) == 0
    assert keep(store, shown(store, "open")) == 1 and len(read(store)) == 1
    assert keep(store, ShownList("What?", "en", None, "search", 1.0, ())) == 0


def test_one_person_fills_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impressions, "MAX_OF_ONE", 5)
    monkeypatch.setattr(impressions, "MAX_ROWS", 8)
    keep(store, *(shown(store, "open", user=1, question=str(number)) for number in range(20)))
    keep(store, shown(store, "open", user=2))
    kept = read(store)
    assert [one.question for one in kept if one.user == 1] == ["15", "16", "17", "18", "19"]
    assert len(kept) == 6
