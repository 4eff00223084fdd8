"""Topics that people describe in a sentence, what they said of documents, and which documents have which.

Who may see a topic is decided in each query; one that somebody may not see answers like one that is not
there. Tags are made for the whole pile; which documents are shown or counted is decided by who asks.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from everask.errors import NotFoundError, UsageError
from everask.index.blobs import storable
from everask.index.conditions import Groups, may_read, may_see_topic
from everask.index.database import Database
from everask.index.learning_schema import document_topics, topic_marks, topics
from everask.index.people_schema import events
from everask.index.schema import documents, state

MAX_TOPICS = 200
"""Of one person."""
MAX_NAME = 100
MAX_DESCRIPTION = 2_000
MAX_MARKS = 20_000
"""Of one person, in all."""
ALSO, TOGETHER = 0.3, 3
"""From which share, and from how many documents on, a topic is suggested beside another."""
NO_TOPIC = NotFoundError("There is no such topic.", "`everask topics list` shows the topics.")


@dataclass(frozen=True, slots=True)
class Topic:
    """What a person describes. `wording` is what is searched by: the description, until a better one was
    learned. `groups` may see it beside its maker: none: everybody may; None: nobody else.

    `sources` are the documents whose words the wording has; `learned` is what learning it measured.
    """

    name: str
    description: str
    wording: str
    user: int | None = None
    groups: tuple[str, ...] | None = None
    made_at: float = 0.0
    sources: tuple[str, ...] = ()
    learned: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """Somebody's word that a document has a topic (1) or has not (-1)."""

    topic: int
    document_id: str
    value: float
    user: int | None = None


@dataclass(frozen=True, slots=True)
class Tag:
    """A topic of a document: how probable, and what the asker said of it (1, -1; 0: nothing)."""

    topic: int
    name: str
    probability: float
    own: float = 0.0


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: groups None may read all; `user` None is the owner."""

    user: int | None = None
    groups: Groups = None


def add_topic(database: Database, topic: Topic) -> Topic:
    """Keep a topic; return it with its id. Raises UsageError for what cannot be one."""
    name, description = " ".join(topic.name.split()), " ".join(topic.description.split())
    if not name or len(name) > MAX_NAME:
        raise UsageError(f"A topic's name has 1 to {MAX_NAME} characters.", "Describe it in its description.")
    if not description or len(description) > MAX_DESCRIPTION:
        raise UsageError(
            f"A topic's description has 1 to {MAX_DESCRIPTION:,} characters.", "Say what it is about."
        )
    with database.writing() as connection:
        own = list(connection.execute(select(topics.c.name).where(_is_of(topics.c.user, topic.user))))
        if len(own) >= MAX_TOPICS:
            raise UsageError(f"There are {MAX_TOPICS} topics already.", "Remove some first.")
        if any(row.name.casefold() == name.casefold() for row in own):
            raise UsageError(f"There is a topic “{name}” already.", "Choose another name.")
        values = {
            "name": storable(name),
            "description": storable(description),
            "wording": storable(description),
            "user": topic.user,
            "groups": json.dumps(topic.groups, ensure_ascii=False),
            "active": 1,
            "made_at": topic.made_at or time.time(),
            "detail": "{}",
        }
        made = connection.execute(insert(topics).values(values)).inserted_primary_key
        assert made is not None, "an insert of one row gives its key"
        return _topic(connection.execute(select(topics).where(topics.c.id == made[0])).one())


def list_topics(database: Database, viewer: Viewer) -> list[tuple[Topic, int]]:
    """The topics that somebody may see, by name, each with how many documents it has that they may read."""
    tagged = (
        select(document_topics.c.topic, func.count().label("number"))
        .join(documents, documents.c.id == document_topics.c.document)
        .where(*may_read(viewer.groups))
        .group_by(document_topics.c.topic)
        .subquery()
    )
    query = (
        select(topics, func.coalesce(tagged.c.number, 0).label("number"))
        .outerjoin(tagged, tagged.c.topic == topics.c.id)
        .where(may_see_topic(viewer.user, viewer.groups))
        .order_by(func.lower(topics.c.name), topics.c.id)
    )
    with database.reading() as connection:
        return [(_topic(row), int(row.number)) for row in connection.execute(query)]


def any_topics(connection: Connection) -> bool:
    """Whether there are any."""
    return connection.scalar(select(topics.c.id).limit(1)) is not None


def all_topics(connection: Connection) -> list[Topic]:
    """Everybody's topics."""
    return [_topic(row) for row in connection.execute(select(topics).order_by(topics.c.id))]


def find_topic(database: Database, key: str, viewer: Viewer) -> Topic:
    """A topic by its id or its name, one's own before others'. Raises NotFoundError."""
    number = int(key) if key.isascii() and key.isdigit() and len(key) < 16 else -1
    named = func.lower(topics.c.name) == func.lower(" ".join(key.split()))
    query = select(topics).where((topics.c.id == number) | named, may_see_topic(viewer.user, viewer.groups))
    with database.reading() as connection:
        rows = connection.execute(query.order_by(topics.c.id)).all()
    if not rows:
        raise NO_TOPIC
    return _topic(min(rows, key=lambda row: (row.id != number, row.user != viewer.user)))


def remove_topic(database: Database, topic: Topic, viewer: Viewer) -> None:
    """Forget a topic with its tags, its marks and the events that they came from.

    Raises NotFoundError where the topic is somebody else's; who may read all may remove all.
    """
    with database.writing() as connection:
        own = topics.c.id == topic.id
        if viewer.groups is not None:
            own &= _is_of(topics.c.user, viewer.user)
        if connection.execute(delete(topics).where(own)).rowcount == 0:
            raise NO_TOPIC
        connection.execute(
            delete(events).where(events.c.kind == "tagged", events.c.ask == event_key(topic.id))
        )


def set_wording(database: Database, topic: Topic) -> None:
    """Search by another wording from now on: the topic's, with what it was learned from."""
    detail = json.dumps({"sources": topic.sources, "learned": dict(topic.learned)}, ensure_ascii=False)
    with database.writing() as connection:
        row = update(topics).where(topics.c.id == topic.id)
        connection.execute(row.values(wording=storable(topic.wording), detail=detail))


def put_mark(database: Database, mark: Mark, viewer: Viewer) -> None:
    """Keep what somebody said of a document and a topic, in place of what they said before; 0 takes it back.

    It is kept as an event, too. Raises NotFoundError for a document or topic that they may not see.
    """
    with database.writing() as connection:
        query = select(documents.c.id).where(documents.c.id == mark.document_id, *may_read(viewer.groups))
        if connection.scalar(query) is None:
            raise NotFoundError("There is no such document.", "It may have changed or been removed.")
        seen = may_see_topic(viewer.user, viewer.groups)
        if connection.scalar(select(topics.c.id).where(topics.c.id == mark.topic, seen)) is None:
            raise NO_TOPIC
        own = select(func.count()).select_from(topic_marks).where(_is_of(topic_marks.c.user, viewer.user))
        if int(connection.scalar(own) or 0) >= MAX_MARKS:
            raise UsageError(f"{MAX_MARKS:,} documents were marked already.", "Take some back first.")
        forget_mark(connection, mark.topic, mark.document_id, viewer.user)
        if not mark.value:
            return
        now = time.time()
        row = {"topic": mark.topic, "document": mark.document_id, "user": viewer.user, "value": mark.value}
        connection.execute(insert(topic_marks).values(**row, at=now))
        event = {
            "at": now,
            "kind": "tagged",
            "user": viewer.user,
            "ask": event_key(mark.topic),
            "question": "",
        }
        event |= {"document": mark.document_id, "value": mark.value, "detail": json.dumps(str(mark.topic))}
        connection.execute(insert(events).values(event))
        _tag_at_once(connection, mark)


def _tag_at_once(connection: Connection, mark: Mark) -> None:
    """What was said of a document holds now; what follows of it for others comes with the next tagging."""
    here = (document_topics.c.topic == mark.topic) & (document_topics.c.document == mark.document_id)
    connection.execute(delete(document_topics).where(here))
    if mark.value > 0:
        row = {"topic": mark.topic, "document": mark.document_id, "probability": 1.0, "at": time.time()}
        connection.execute(insert(document_topics), row)
    connection.execute(update(state).values(changes=state.c.changes + 1))


def event_key(topic: int) -> str:
    """What stands for a topic in its events, where other events name an answer."""
    return f"topic-{topic}"


def forget_mark(connection: Connection, topic: int, document_id: str, user: int | None) -> None:
    """Take back what a person said of a document and a topic, with its event."""
    same = (topic_marks.c.topic == topic) & (topic_marks.c.document == document_id)
    connection.execute(delete(topic_marks).where(same, _is_of(topic_marks.c.user, user)))
    told = (events.c.kind == "tagged") & (events.c.ask == event_key(topic))
    told &= (events.c.document == document_id) & _is_of(events.c.user, user)
    connection.execute(delete(events).where(told))


def list_tags(database: Database, document_id: str, viewer: Viewer) -> list[Tag]:
    """The topics of a document that the asker may see, most probable first, and those that they said it has
    not. Nothing for a document that they may not read."""
    mine = (topic_marks.c.topic == topics.c.id) & (topic_marks.c.document == document_id)
    mine &= _is_of(topic_marks.c.user, viewer.user)
    here = (document_topics.c.topic == topics.c.id) & (document_topics.c.document == document_id)
    query = (
        select(topics.c.id, topics.c.name, document_topics.c.probability, topic_marks.c.value)
        .outerjoin(document_topics, here)
        .outerjoin(topic_marks, mine)
        .where(may_see_topic(viewer.user, viewer.groups))
        .where(document_topics.c.probability.is_not(None) | topic_marks.c.value.is_not(None))
        .order_by(func.coalesce(document_topics.c.probability, -1).desc(), topics.c.name)
    )
    with database.reading() as connection:
        readable = select(documents.c.id).where(documents.c.id == document_id, *may_read(viewer.groups))
        if connection.scalar(readable) is None:
            return []
        rows = connection.execute(query).all()
    return [Tag(row.id, row.name, float(row.probability or 0), float(row.value or 0)) for row in rows]


def list_tagged(
    database: Database, topic: int, viewer: Viewer, limit: int = 200, offset: int = 0
) -> list[tuple[str, str, float]]:
    """The documents (id, name, probability) of a topic that somebody may read, most probable first."""
    query = (
        select(documents.c.id, documents.c.name, document_topics.c.probability)
        .join_from(document_topics, documents, documents.c.id == document_topics.c.document)
        .join(topics, topics.c.id == document_topics.c.topic)
        .where(topics.c.id == topic, may_see_topic(viewer.user, viewer.groups), *may_read(viewer.groups))
        .order_by(document_topics.c.probability.desc(), documents.c.name)
    )
    with database.reading() as connection:
        return [
            (row.id, row.name, row.probability)
            for row in connection.execute(query.limit(limit).offset(offset))
        ]


def list_also(database: Database, document_id: str, viewer: Viewer) -> list[tuple[int, str, float]]:
    """Topics (id, name, share) that a document has not, and that documents with one of its topics often have:
    of those that somebody may read, `ALSO` or more, and at least `TOGETHER` of them."""
    one, other = document_topics.alias(), document_topics.alias()
    number = func.count(other.c.document.distinct())
    seen = may_see_topic(viewer.user, viewer.groups)
    own = select(document_topics.c.topic).where(document_topics.c.document == document_id)
    readable = select(documents.c.id).where(*may_read(viewer.groups))
    with_own = one.c.topic.in_(own) & one.c.document.in_(readable) & (one.c.document != document_id)
    with database.reading() as connection:
        visible = own.where(document_topics.c.topic.in_(select(topics.c.id).where(seen)))
        mine = list(connection.scalars(visible))
        total = {
            row.topic: row.number
            for row in connection.execute(
                select(one.c.topic, func.count().label("number")).where(with_own).group_by(one.c.topic)
            )
        }
        query = (
            select(one.c.topic.label("own"), topics.c.id, topics.c.name, number.label("number"))
            .join_from(one, other, other.c.document == one.c.document)
            .join(topics, topics.c.id == other.c.topic)
            .where(with_own, seen, one.c.topic.in_(mine), topics.c.id.not_in(mine))
            .group_by(one.c.topic, topics.c.id, topics.c.name)
        )
        rows = connection.execute(query).all()
    best: dict[int, tuple[str, float]] = {}
    for row in rows:
        share = row.number / max(total.get(row.own, 0), 1)
        if row.number >= TOGETHER and share >= ALSO and share > best.get(row.id, ("", 0.0))[1]:
            best[row.id] = (row.name, share)
    return sorted(((id, *found) for id, found in best.items()), key=lambda one: -one[2])


def count_marks(database: Database, topic: int) -> tuple[int, int]:
    """How many documents are marked right, and how many wrong, by anybody."""
    values = select(topic_marks.c.value).where(topic_marks.c.topic == topic)
    with database.reading() as connection:
        said = [float(one) for one in connection.scalars(values)]
    return sum(one > 0 for one in said), sum(one < 0 for one in said)


def forget_topics_of(connection: Connection, ids: Sequence[str], moved: Mapping[str, str]) -> None:
    """Documents are gone, or `moved` to a new id where their content changed: marks follow, tags are made
    anew, and a wording with words of a document that is gone falls back to the description."""
    gone = [one for one in ids if one not in moved]
    for old, new in moved.items():
        connection.execute(update(topic_marks).where(topic_marks.c.document == old).values(document=new))
    for table in (document_topics, topic_marks):
        for one in ids:
            connection.execute(delete(table).where(table.c.document == one))
    changed = set(ids)
    for topic in all_topics(connection) if ids else []:
        if changed & set(topic.sources):
            row = update(topics).where(topics.c.id == topic.id)
            connection.execute(row.values(wording=topics.c.description, detail="{}"))
    for one in gone:
        connection.execute(delete(events).where(events.c.kind == "tagged", events.c.document == one))


def _is_of(column: ColumnElement[Any], user: int | None) -> ColumnElement[bool]:
    return column.is_(None) if user is None else column == user


def _topic(row: Row[Any]) -> Topic:
    detail, groups = json.loads(row.detail), json.loads(row.groups)
    return Topic(
        row.name,
        row.description,
        row.wording,
        row.user,
        None if groups is None else tuple(groups),
        row.made_at,
        tuple(detail.get("sources", ())),
        detail.get("learned", {}),
        row.id,
    )
