"""What people did, in the order of happening: added at the end, never changed, and taken out by who did it.

Of the votes of one person on one sentence the last one counts; a vote that is taken back leaves none.
"""

from __future__ import annotations

import json

from sqlalchemy import ColumnElement, Row, delete, exists, func, insert, or_, select

from everask.errors import NotFoundError, UsageError
from everask.index.blobs import storable
from everask.index.conditions import Groups, may_read
from everask.index.database import Database
from everask.index.people_schema import events
from everask.index.schema import documents
from everask.index.topics import forget_mark
from everask.types import Event, EventKind

MAX_DETAIL = 20_000
MAX_QUESTION = 4_000
MAX_OF_AN_ASK = 500
"""Of one person and answer, so that nobody fills the store."""
MAX_OF_A_DAY = 2_000
"""Of one person, of those that belong to no answer: what was opened from a list of results."""
_DAY = 86_400.0


def append(database: Database, event: Event) -> int:
    """Keep an event; return its id. Raises UsageError where a person has done too much with one answer."""
    with database.writing() as connection:
        own = select(func.count()).select_from(events).where(_of(event.user))
        today = (events.c.ask.is_(None), events.c.at > event.at - _DAY)
        own, most = (
            (own.where(events.c.ask == event.ask), MAX_OF_AN_ASK)
            if event.ask
            else (own.where(*today), MAX_OF_A_DAY)
        )
        if int(connection.scalar(own) or 0) >= most:
            of = "of this answer" if event.ask else "of this day"
            raise UsageError(f"{most} events {of} are kept already.", "Take some back first.")
        made = connection.execute(
            insert(events).values(
                at=event.at,
                kind=event.kind,
                user=event.user,
                ask=event.ask or None,
                question=storable(event.question[:MAX_QUESTION]),
                claim=event.claim,
                document=event.document_id or None,
                start=event.start,
                end=event.end,
                value=event.value,
                detail=json.dumps(storable(event.detail[:MAX_DETAIL]), ensure_ascii=False),
            )
        )
    key = made.inserted_primary_key
    assert key is not None, "an insert of one row gives its key"
    return int(key[0])


def list_events(database: Database, kind: EventKind | None = None, *, after: int = 0) -> list[Event]:
    """Everybody's events in their order, those `after` an id; all, or of one kind."""
    query = select(events).where(events.c.id > after).order_by(events.c.id)
    if kind is not None:
        query = query.where(events.c.kind == kind)
    with database.reading() as connection:
        return [_event(row) for row in connection.execute(query)]


def list_own(
    database: Database, user: int | None, groups: Groups, *, ask: str = "", limit: int = 1_000
) -> list[Event]:
    """A person's events, the newest first; all, or of one answer. Those about a document that is gone, or
    that they may read no more, are left out: they hold its words."""
    mine = select(events).where(_of(user), _readable(groups))
    query = mine.order_by(events.c.id.desc()).limit(limit)
    if ask:
        query = query.where(events.c.ask == ask)
    with database.reading() as connection:
        return [_event(row) for row in connection.execute(query)]


def remove_event(database: Database, identifier: int, user: int | None, groups: Groups) -> Event:
    """Take a person's event out, and where it is a vote, all their votes on that sentence; return it.

    Raises NotFoundError where `list_own` has none of that id.
    """
    with database.writing() as connection:
        mine = select(events).where(events.c.id == identifier, _of(user), _readable(groups))
        row = connection.execute(mine).first()
        if row is None:
            raise NotFoundError("There is no such event.", "It may have been taken back already.")
        event = _event(row)
        same: ColumnElement[bool] = events.c.id == identifier
        if event.kind == "voted" and event.ask:
            same = (events.c.ask == event.ask) & (events.c.claim == event.claim) & (events.c.kind == "voted")
        connection.execute(delete(events).where(same, _of(user)))
        if event.kind == "tagged" and event.detail.isdigit():
            forget_mark(connection, int(event.detail), event.document_id, user)
    return event


def _of(user: int | None) -> ColumnElement[bool]:
    return events.c.user.is_(None) if user is None else events.c.user == user


def _readable(groups: Groups) -> ColumnElement[bool]:
    readable = exists(select(documents.c.id).where(documents.c.id == events.c.document, *may_read(groups)))
    return or_(events.c.document.is_(None), readable.correlate(events))


def _event(row: Row[tuple[object, ...]]) -> Event:
    kept = row._mapping
    return Event(
        kind=kept["kind"],
        at=kept["at"],
        user=kept["user"],
        ask=kept["ask"] or "",
        question=kept["question"],
        claim=kept["claim"],
        document_id=kept["document"] or "",
        start=kept["start"],
        end=kept["end"],
        value=kept["value"],
        detail=json.loads(kept["detail"]),
        id=kept["id"],
    )
