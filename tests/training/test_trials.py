"""A challenger on trial is promoted where people surely chose its results more often, and only there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert
from tests.index.pile import make_document, make_source, pair

from everask.errors import UsageError
from everask.index import Store
from everask.index.events import append
from everask.index.impressions import ShownList, ShownPlace, put_impressions
from everask.index.learned import Learned, Lineage, put_learned, serving_name, trial_name
from everask.index.people_schema import users
from everask.pipeline.promotion import start_trial
from everask.pipeline.trials import look_at_trial, settle_trial
from everask.retrieve.fuse import load_fusion, write_fusion
from everask.types import Event

NUM_PEOPLE, NUM_LISTS = 20, 10
TEXTS = ("The copper lamp is in the attic.", "The copper lamp is in the cellar.")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two documents, people, and a ranker on trial that puts the second first."""
    with Store.open(tmp_path) as store:
        for number, text in enumerate(TEXTS):
            document = replace(make_document(f"file:///{number}", text), id=f"d{number}")
            store.put_source(make_source(document.uri), [pair(document)])
        made = Learned("ranker-1", "ranker", 1.0, "trial", card={"weights": write_fusion(load_fusion())})
        with store.database.writing() as connection:
            for id in range(1, NUM_PEOPLE + 1):
                person = {"name": str(id), "password": "", "role": "member", "active": 1, "created": 0.0}
                connection.execute(insert(users).values(id=id, **person))
            put_learned(connection, made, Lineage())
            start_trial(connection, made)
        yield store


def search_and_open(store: Store, chosen: int, lists: int = NUM_LISTS) -> None:
    """Everybody is shown both results, the challenger's in its turn, and opens the one that is `chosen`."""
    ids = [store.passages(f"d{number}")[0].id for number in (0, 1)]
    places = (ShownPlace(ids[0], "champion"), ShownPlace(ids[1], "challenger"))
    detail = {"trial": "ranker-1", "champion": ids, "challenger": ids[::-1]}
    for user in range(1, NUM_PEOPLE + 1):
        for number in range(lists):
            text, at = f"where is lamp {number}", 10.0 * number
            shown = ShownList(text, "en", user, "search", at, places, detail)
            with store.database.writing() as connection:
                put_impressions(connection, [shown])
            document = f"d{chosen}"
            act = Event("opened", at + 1, user, "", text, None, document, 0, len(TEXTS[chosen]))
            append(store.database, act)


def states(store: Store) -> tuple[str | None, str | None]:
    with store.database.reading() as connection:
        return serving_name(connection, "ranker"), trial_name(connection, "ranker")


def test_people_choose_the_challenger_and_it_serves(store: Store) -> None:
    search_and_open(store, chosen=1)
    trial = look_at_trial(store)
    assert trial is not None and trial.outcome.verdict == "challenger" and trial.outcome.delta == 1
    settle_trial(store)
    assert states(store) == ("ranker-1", None) and look_at_trial(store) is None


def test_people_choose_what_serves_and_the_trial_ends(store: Store) -> None:
    search_and_open(store, chosen=0)
    settle_trial(store)
    assert states(store) == (None, None)


def test_a_few_lists_decide_nothing(store: Store) -> None:
    search_and_open(store, chosen=1, lists=0)
    with pytest.raises(UsageError, match="ranker-1 is not decided yet: 0 lists"):
        settle_trial(store)
    assert states(store) == (None, "ranker-1")
