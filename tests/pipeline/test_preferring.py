"""From lists and clicks in a store to preferences: rights, held-out questions, documents that went."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from everask.feedback import question_key
from everask.index import Store
from everask.index.events import append
from everask.index.impressions import ShownList, ShownPlace, put_impressions
from everask.index.people_schema import users
from everask.pipeline.preferring import BESIDE, Clicked, read_clicks, trial_outcome
from everask.types import Block, Document, Event, Passage, Source

NAMES = ("roof", "walls", "cellar", "garden", "board")
ASKED = "Where is the lamp?"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as opened:
        for number, name in enumerate(NAMES, 1):
            text, uri = f"The lamp of the {name}.", f"file:///house/{name}"
            groups = ("board",) if name == "board" else ()
            document = Document(
                name, name, uri, "", "text/plain", f"{number:064x}", "en", 0.0, len(text), text,
                (Block("text", 0, len(text)),), groups=groups,
            )  # fmt: skip
            passage = Passage(0, name, 0, 0, len(text), text, text, "en")
            opened.put_source(
                Source(uri, uri, (0, 0, 0), f"{number:064x}", "ok", "", 1, 0.0), [(document, [passage])]
            )
        with opened.database.writing() as connection:
            for id in range(1, 21):
                row = {"id": id, "name": str(id), "password": "", "role": "member", "active": 1, "created": 0}
                connection.execute(insert(users).values(row))
        yield opened


def place(store: Store, name: str) -> int:
    (found,) = store.passages(name)
    return found.id


def show(store: Store, *names: str, user: int = 1, at: float = 1.0, **detail: object) -> None:
    places = tuple(ShownPlace(place(store, name)) for name in names)
    said = detail or {"natural": list(range(len(names)))}
    with store.database.writing() as connection:
        put_impressions(connection, [ShownList(ASKED, "en", user, "search", at, places, said)])


def open_one(store: Store, name: str, user: int = 1, at: float = 2.0, detail: str = "") -> int:
    return append(store.database, Event("opened", at, user, "", ASKED, None, name, 0, 10, detail=detail))


def said(store: Store, clicked: Clicked) -> set[tuple[str, str]]:
    names = {place(store, name): name for name in NAMES if list(store.passages(name))}
    return {(names[one.better], names[one.worse]) for one in clicked.preferences}


def test_what_was_opened_comes_before_what_was_not(store: Store) -> None:
    show(store, "roof", "walls", "cellar")
    event = open_one(store, "walls")
    clicked = read_clicks(store)
    assert said(store, clicked) == {("walls", "roof"), ("walls", "cellar")}
    assert clicked.lineage.events == {event} and clicked.lineage.users == {1}
    assert clicked.lineage.documents == {"roof", "walls", "cellar"}


def test_the_first_that_stood_open_says_nothing(store: Store) -> None:
    show(store, "roof", "walls", "cellar")
    open_one(store, "cellar", detail=BESIDE)
    assert said(store, read_clicks(store)) == {("cellar", "walls")}


def test_a_list_with_what_only_some_may_read_teaches_nobody(store: Store) -> None:
    show(store, "roof", "board", "walls")
    open_one(store, "walls")
    assert read_clicks(store).preferences == ()


def test_questions_that_measure_and_lists_on_trial_teach_nothing(store: Store) -> None:
    show(store, "roof", "walls")
    open_one(store, "walls")
    assert read_clicks(store, {question_key(ASKED)}).preferences == ()
    show(store, "roof", "cellar", user=2, trial="ranker-1")
    open_one(store, "cellar", user=2)
    assert said(store, read_clicks(store)) == {("walls", "roof")}


def test_what_went_with_its_document_is_learned_from_no_more(store: Store) -> None:
    show(store, "roof", "walls", "cellar")
    show(store, "roof", "walls")
    open_one(store, "walls")
    assert store.remove_source("file:///house/cellar")  # with the list that shows it
    clicked = read_clicks(store)
    assert said(store, clicked) == {("walls", "roof")} and "cellar" not in clicked.lineage.documents
    assert store.remove_source("file:///house/walls")
    assert read_clicks(store).preferences == ()


def test_an_act_of_another_answer_is_no_click(store: Store) -> None:
    show(store, "roof", "walls")
    append(store.database, Event("opened", 2.0, 1, "an answer", ASKED, None, "walls", 0, 10))
    append(store.database, Event("commented", 2.0, 1, "", ASKED, None, "walls", 0, 10, detail="hm"))
    assert read_clicks(store).preferences == ()


def test_an_empty_store_says_nothing(store: Store) -> None:
    clicked = read_clicks(store)
    assert clicked.preferences == () and clicked.exponent == 1.0
    assert trial_outcome(store, "ranker-1").verdict == "open"


def test_a_trial_is_decided_by_whose_places_are_opened(store: Store) -> None:
    ours, theirs = place(store, "roof"), place(store, "walls")
    detail = {"trial": "ranker-1", "champion": [ours, theirs], "challenger": [theirs, ours]}
    lists = []
    for number in range(64):
        names = ("roof", "walls") if number % 2 else ("walls", "roof")
        places = tuple(
            ShownPlace(place(store, name), "champion" if name == "roof" else "challenger") for name in names
        )
        lists.append(ShownList(ASKED, "en", 1 + number % 20, "search", 10.0 * number, places, detail))
    with store.database.writing() as connection:
        put_impressions(connection, lists)
    for number, one in enumerate(lists):
        open_one(store, "walls" if number % 8 else "roof", one.user or 0, one.at + 1)
    found = trial_outcome(store, "ranker-1")
    assert (found.challenger, found.champion, found.verdict) == (56, 8, "challenger")
    assert found.clicks_challenger > found.clicks_champion
    assert trial_outcome(store, "ranker-2").num_lists == 0
