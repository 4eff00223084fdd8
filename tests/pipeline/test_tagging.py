"""Topics over a real pile: tags, corrections, rights, a better wording, and removal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from everask.errors import NotFoundError, UsageError
from everask.index.events import list_own, remove_event
from everask.index.learning_schema import document_topics, topic_marks
from everask.index.people_schema import memberships, users
from everask.index.topics import (
    Mark,
    Topic,
    Viewer,
    add_topic,
    find_topic,
    list_also,
    list_tagged,
    list_tags,
    list_topics,
    put_mark,
    remove_topic,
    set_wording,
)
from everask.limits import TopicLimit
from everask.pipeline import Engine
from everask.pipeline.asking import Question, Shown
from everask.pipeline.browsing import browse
from everask.pipeline.tagging import tag_pile
from everask.pipeline.wordings import MIN_RIGHT, learn_wording
from everask.settings import Settings
from everask.types import Filters

OWNER = Viewer()
TEXTS = {
    "invoices/one.txt": "Invoice 17. For the repair of the roof we charge 340 euros, payable in two weeks.",
    "invoices/two.txt": "Invoice 18. Amount due for window cleaning: 95 euros. Please transfer it by Friday.",
    "invoices/drei.txt": "Rechnung 19. Für die Wartung der Heizung berechnen wir 210 Euro, zahlbar sofort.",
    "garden/roses.txt": "Roses are pruned in March, above a bud that looks out. Water them in the morning.",
    "garden/apples.txt": "The apple tree in the garden bears fruit every second year and needs sun.",
    "garden/weeds.txt": "Pull weeds after rain, when the soil is soft, and put mulch around young plants.",
    "travel/train.txt": "The night train to Lisbon leaves at nine. Seats must be reserved a day before.",
    "travel/hotel.txt": "Our hotel lies by the sea, ten minutes on foot from the station of the old town.",
    "secret/board.txt": "Invoice 20. The board is charged 9,000 euros for the zebrafish, payable in May.",
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("files")
    for name, text in TEXTS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    with Engine(Settings(data=tmp_path_factory.mktemp("data"))) as engine:
        engine.add([folder / "secret"], groups=["board"])
        engine.add([folder])
        engine.wait_for_vectors()
        with engine.store.database.writing() as connection:
            for id, group in ((1, "board"), (2, "staff")):
                row = {"id": id, "name": str(id), "password": "", "role": "member", "active": 1}
                connection.execute(insert(users).values(row | {"created": 0.0}))
                connection.execute(insert(memberships).values(user=id, group=group))
        yield engine


@pytest.fixture
def engine(filled: Engine) -> Iterator[Engine]:
    yield filled
    for topic, _ in list_topics(filled.store.database, OWNER):
        remove_topic(filled.store.database, topic, OWNER)


def describe(
    engine: Engine, groups: tuple[str, ...] | None = None, user: int | None = None, name: str = "Invoices"
) -> Topic:
    wanted = Topic(name, "bills with an amount to pay", "", user, groups)
    made = add_topic(engine.store.database, wanted)
    tag_pile(engine)
    return made


def names(engine: Engine, topic: Topic, viewer: Viewer = OWNER) -> set[str]:
    return {name for _, name, _ in list_tagged(engine.store.database, topic.id, viewer)}


def document(engine: Engine, name: str) -> str:
    return engine.find_document(name).id


def test_documents_are_tagged_by_what_a_topic_says_in_any_language(engine: Engine) -> None:
    invoices = describe(engine)
    assert names(engine, invoices) == {"invoices/one", "invoices/two", "invoices/drei", "board"}
    assert not tag_pile(engine), "nothing changed since"


def test_a_limit_leaves_only_documents_of_the_topic(engine: Engine) -> None:
    invoices = describe(engine)
    limited = Filters(topics=TopicLimit((invoices.id,)))
    found = engine.search("roses, a train and 340 euros", filters=limited)
    assert found and {hit.document.name for hit in found} <= names(engine, invoices)
    put_mark(engine.store.database, Mark(invoices.id, document(engine, "garden/roses"), 1.0), OWNER)
    again = engine.search("roses pruned in March", filters=limited)
    assert again[0].document.name == "garden/roses", "what was remembered of the limit is looked up again"


def test_topics_are_counted_with_the_search(engine: Engine) -> None:
    invoices = describe(engine)
    facets = browse(engine, Question("euros payable"), Shown(10), with_facets=True).facets
    assert facets is not None
    (counted,) = facets.topics
    assert (counted.id, counted.name) == (invoices.id, "Invoices") and counted.documents >= 3


def test_corrections_hold_at_once_and_move_the_others(engine: Engine) -> None:
    invoices = describe(engine)
    database = engine.store.database
    board, roses = document(engine, "board"), document(engine, "garden/roses")
    put_mark(database, Mark(invoices.id, board, -1.0), OWNER)
    put_mark(database, Mark(invoices.id, roses, 1.0), OWNER)
    assert "board" not in names(engine, invoices) and "garden/roses" in names(engine, invoices)
    assert tag_pile(engine)
    assert "board" not in names(engine, invoices) and "garden/roses" in names(engine, invoices)
    (own,) = [one for one in list_tags(database, roses, OWNER) if one.topic == invoices.id]
    assert own.own == 1.0 and own.probability == 1.0
    event = next(one for one in list_own(database, None, None) if one.kind == "tagged")
    assert event.document_id == roses and event.value == 1.0
    remove_event(database, event.id, None, None)
    tag_pile(engine)
    assert "garden/roses" not in names(engine, invoices), "taken back with its event"


def test_who_may_see_what(engine: Engine) -> None:
    private = describe(engine, user=1)
    shared = describe(engine, ("staff",), user=1, name="Bills")
    public = describe(engine, (), user=1, name="Costs")
    database = engine.store.database
    board, staff, nobody = Viewer(1, ("board",)), Viewer(2, ("staff",)), Viewer(None, ())
    seen = {one: {topic.id for topic, _ in list_topics(database, one)} for one in (board, staff, nobody)}
    assert seen[board] == {private.id, shared.id, public.id}
    assert seen[staff] == {shared.id, public.id} and seen[nobody] == {public.id}
    assert "board" in names(engine, private, board) and "board" not in names(engine, public, staff)
    with pytest.raises(NotFoundError, match="no such topic"):
        find_topic(database, "Invoices", staff)
    with pytest.raises(NotFoundError, match="no such topic"):
        put_mark(database, Mark(private.id, document(engine, "garden/roses"), 1.0), staff)
    with pytest.raises(NotFoundError, match="no such document"):
        put_mark(database, Mark(shared.id, document(engine, "board"), 1.0), staff)
    with pytest.raises(NotFoundError, match="no such topic"):
        remove_topic(database, public, staff)
    asked = Filters(topics=TopicLimit((private.id,), viewer=1))  # as somebody would send who is not user 1
    assert browse(engine, Question("euros", asked, ("staff",), user=2), Shown(5)).hits == []
    assert browse(engine, Question("euros", asked, ("board",), user=1), Shown(5)).hits
    facets = browse(engine, Question("euros", groups=("staff",), user=2), Shown(5), with_facets=True).facets
    assert facets and {one.id for one in facets.topics} == {shared.id, public.id}
    counted = {topic.id: number for topic, number in list_topics(database, staff)}
    assert counted[public.id] == len(names(engine, public, staff)) < len(names(engine, public))


def test_a_wording_is_learned_and_goes_with_the_documents_whose_words_it_has(engine: Engine) -> None:
    garden = add_topic(engine.store.database, Topic("Garden", "outside", ""))
    tag_pile(engine)
    assert learn_wording(engine, garden).why == "few"
    database = engine.store.database
    for name in TEXTS:
        value = 1.0 if name.startswith("garden") or name == "travel/hotel.txt" else -1.0
        key = name.removesuffix(".txt") if not name.startswith("secret") else "board"
        put_mark(database, Mark(garden.id, document(engine, key), value), OWNER)
    tag_pile(engine)
    learned = learn_wording(engine, garden)
    assert learned.right == MIN_RIGHT and learned.wrong == 5 and learned.held == 4
    now = find_topic(database, "garden", OWNER)
    assert now.wording == (learned.after if learned.why == "better" else "outside")
    board = document(engine, "board")
    set_wording(database, Topic("Garden", "outside", "outside zebrafish", sources=(board,), id=garden.id))
    tag_pile(engine)
    assert find_topic(database, "garden", OWNER).wording == "outside zebrafish", "the owner may read it"
    public = add_topic(database, Topic("Public", "outside", "", groups=()))
    set_wording(
        database, Topic("Public", "outside", "outside zebrafish", sources=(board,), id=public.id, groups=())
    )
    tag_pile(engine)
    assert find_topic(database, "public", OWNER).wording == "outside", (
        "not all who see it may read its source"
    )


def test_what_cannot_be_a_topic_is_refused(engine: Engine) -> None:
    describe(engine)
    with pytest.raises(UsageError, match="already"):
        describe(engine, name="INVOICES")
    with pytest.raises(UsageError, match="name"):
        describe(engine, name="  ")
    with pytest.raises(UsageError, match="description"):
        add_topic(engine.store.database, Topic("x", " ", ""))


def test_what_is_removed_is_gone_everywhere_and_marks_follow_a_changed_file(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for name in ("one", "two", "drei"):
        (folder / f"{name}.txt").write_text(TEXTS[f"invoices/{name}.txt"], "utf-8")
    (folder / "roses.txt").write_text(TEXTS["garden/roses.txt"], "utf-8")
    with Engine(Settings(data=tmp_path / "data")) as engine:
        engine.add([folder])
        engine.wait_for_vectors()
        invoices, database = describe(engine), engine.store.database
        for name in ("one", "roses"):
            put_mark(database, Mark(invoices.id, document(engine, name), 1.0), OWNER)
        set_wording(
            database,
            Topic(
                "Invoices",
                invoices.description,
                "roof repair",
                sources=(document(engine, "one"),),
                id=invoices.id,
            ),
        )
        (folder / "roses.txt").write_text("Roses, changed: they are watered at night.", "utf-8")
        engine.add([folder])
        engine.wait_for_vectors()
        assert "roses" in names(engine, invoices), "the mark followed the file"
        engine.remove(str(folder / "one.txt"))
        found = find_topic(database, "Invoices", OWNER)
        assert found.wording == invoices.description and not found.sources
        with database.reading() as connection:
            marked = set(connection.scalars(select(topic_marks.c.document)))
            tagged = set(connection.scalars(select(document_topics.c.document)))
        there = {info.id for info in engine.documents()}
        assert marked == {document(engine, "roses")} and tagged <= there
        remove_topic(database, found, OWNER)
        with database.reading() as connection:
            assert not connection.scalars(select(topic_marks.c.id)).all()
            assert not connection.scalars(select(document_topics.c.topic)).all()
        assert [one for one in list_own(database, None, None) if one.kind == "tagged"] == []


def test_what_has_a_topic_has_those_above_it(engine: Engine) -> None:
    describe(engine, name="Money › Invoices")
    money = add_topic(engine.store.database, Topic("money", "stock exchanges and their prices", ""))
    other = add_topic(engine.store.database, Topic("Money", "stock exchanges and their prices", "", 1, ()))
    tag_pile(engine)
    assert {"invoices/one", "invoices/two", "invoices/drei"} <= names(engine, money)
    assert not names(engine, other) & {"invoices/one", "invoices/two"}, (
        "another maker's topic is not above mine"
    )


def test_topics_that_go_together_are_suggested(engine: Engine) -> None:
    invoices, database = describe(engine), engine.store.database
    paid = add_topic(database, Topic("Paid", "a quokka in the desert", "", groups=()))
    tag_pile(engine)
    for name in ("invoices/one", "invoices/two", "invoices/drei"):
        put_mark(database, Mark(paid.id, document(engine, name), 1.0), OWNER)
    board = document(engine, "board")
    assert [(id, name) for id, name, _ in list_also(database, board, OWNER)] == [(paid.id, "Paid")]
    assert list_also(database, board, Viewer(1, ("board",))) == [], "by topics that they may see"
    assert invoices.id != paid.id
