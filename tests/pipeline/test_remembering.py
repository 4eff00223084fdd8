"""The query memory through the engine: a vote moves a passage, for whom it may, as long as it is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from everask.index.people_schema import users
from everask.pipeline import Engine
from everask.settings import Settings
from everask.types import Event

QUESTION = "How long may a guest stay?"
TEXTS = {
    "guests.md": "# Guests\n\nA guest may stay in the guest room. How long a guest may stay: ask the host.\n",
    "rules.md": "# House rules\n\nVisitors leave after fourteen nights at the latest.\n",
    "dogs.md": "# Dogs\n\nDogs are kept on a lead in the garden and in the stairwell.\n",
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    folder = tmp_path / "files"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    with Engine(Settings(data=tmp_path / "data")) as engine:
        engine.add([folder])
        engine.wait_for_vectors()
        with engine.store.database.writing() as connection:
            for id in (1, 2, 3, 4):
                row = insert(users).values(
                    id=id, name=str(id), password="", role="member", active=1, created=0.0
                )
                connection.execute(row)
        yield engine


def vote(engine: Engine, name: str, value: float, user: int | None = None, at: float = 1.0) -> Event:
    document = engine.find_document(name)
    return Event("voted", at, user, "a", QUESTION, 0, document.id, 0, len(TEXTS[f"{name}.md"]), value)


def first(engine: Engine, question: str = QUESTION) -> str:
    return engine.search(question)[0].document.name


def test_the_place_that_answered_is_first_when_it_is_asked_again(engine: Engine) -> None:
    assert first(engine) == "guests"
    assert engine.remember([vote(engine, "rules", 1.0)]) == 1
    assert first(engine) == "rules"
    assert first(engine, "how long may a GUEST stay") == "rules"
    assert first(engine, "Where are dogs kept on a lead?") == "dogs"


def test_search_says_that_it_remembered(engine: Engine) -> None:
    engine.remember([vote(engine, "rules", 1.0)])
    hit = engine.find(QUESTION, with_reasons=True).hits[0]
    assert hit.channels["memory"] > 0
    assert sum(one.score for one in hit.reasons) == pytest.approx(hit.score, abs=1e-4)
    assert [one.because for one in hit.reasons if one.kind == "memory"] == [
        "answered a question like this before"
    ]


def test_a_vote_that_is_taken_back_is_forgotten(engine: Engine) -> None:
    engine.remember([vote(engine, "rules", 1.0)])
    assert first(engine) == "rules"
    engine.remember([vote(engine, "rules", 1.0), vote(engine, "rules", 0.0, at=2.0)])
    assert engine.store.memory.look(QUESTION) == []
    assert first(engine) == "guests"


def test_what_is_remembered_goes_with_its_document(engine: Engine, tmp_path: Path) -> None:
    engine.remember([vote(engine, "rules", 1.0)])
    engine.remove(str(tmp_path / "files" / "rules.md"))
    assert engine.store.memory.look(QUESTION) == []
    assert first(engine) == "guests"


def test_what_is_remembered_stays_when_the_file_changes_elsewhere(engine: Engine, tmp_path: Path) -> None:
    engine.remember([vote(engine, "rules", 1.0)])
    path = tmp_path / "files" / "rules.md"
    path.write_text(TEXTS["rules.md"] + "\n# Keys\n\n" + "Keys are handed back at the desk. " * 40, "utf-8")
    engine.add([path])
    hit = engine.search(QUESTION)[0]
    assert hit.document.name == "rules"
    assert "fourteen" in hit.passage.text


def test_who_may_not_read_a_document_finds_nothing_of_it_in_the_memory(engine: Engine) -> None:
    event = vote(engine, "rules", 1.0)
    engine.remember([event])
    number = engine.store.memory.look(QUESTION)[0].passage
    with engine.store.database.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO document_groups (document, name, ordinal) SELECT document, 'board', 0 FROM passages "
            "WHERE id = ?", (number,),
        )  # fmt: skip
        connection.exec_driver_sql(
            "UPDATE documents SET num_groups = 1 WHERE number = (SELECT document FROM passages WHERE id = ?)",
            (number,),
        )
    assert engine.store.memory.look(QUESTION, groups=("staff",)) == []
    assert engine.store.memory.look(QUESTION, groups=("board",)) != []
    assert engine.remember([event], groups=("staff",)) == 0


def test_one_hostile_person_does_not_outvote_three(engine: Engine) -> None:
    good = [vote(engine, "rules", 1.0, user) for user in (1, 2, 3)]
    flood = [vote(engine, "dogs", 1.0, 4, at) for at in range(200)]
    against = [vote(engine, "rules", -1.0, 4, at) for at in range(200)]
    engine.remember(good + flood + against)
    assert first(engine) == "rules"


def test_ones_own_vote_counts_in_full_and_anothers_by_half(engine: Engine) -> None:
    engine.remember([vote(engine, "rules", 1.0, 1)])
    own = engine.find(QUESTION, user=1).hits[0]
    other = next(hit for hit in engine.find(QUESTION, user=2).hits if hit.document.name == "rules")
    assert own.document.name == "rules"
    assert own.channels["memory"] == pytest.approx(2 * other.channels["memory"])
