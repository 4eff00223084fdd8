"""What people did, in the order of happening: added at the end, never changed, and taken out by who did it.

Of the votes of one person on one sentence the last one counts; a vote that is taken back leaves none.
"""

from __future__ import annotations

import json
from collections import defaultdict

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
)

from everask.errors import NotFoundError, UsageError
from everask.index.blobs import storable
from everask.index.conditions import Groups, may_read
from everask.index.database import Database
from everask.index.people_schema import event_quotes, events
from everask.index.schema import documents
from everask.index.topics import forget_mark
from everask.quoted import QuotedPlace, ShownSentence
from everask.types import Event, EventKind

MAX_DETAIL = 20_000
MAX_QUESTION = 4_000
MAX_SENTENCE = 4_000
MAX_OF_AN_ASK = 500
"""Of one person and answer, so that nobody fills the store."""
MAX_OF_A_DAY = 2_000
"""Of one person, of those that belong to no answer: what was opened from a list of results."""
_DAY = 86_400.0
_AT_ONCE = 500


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
                sentence=storable(event.shown.text[:MAX_SENTENCE]) if event.shown else None,
            )
        )
        key = made.inserted_primary_key
        assert key is not None, "an insert of one row gives its key"
        if event.shown and event.shown.quotes:
            _put_quotes(connection, int(key[0]), event.shown)
    return int(key[0])


def _put_quotes(connection: Connection, identifier: int, shown: ShownSentence) -> None:
    rows = [
        {"event": identifier, "rank": rank, "document": one.document_id, "start": one.start, "end": one.end}
        for rank, one in enumerate(shown.quotes)
    ]
    connection.execute(insert(event_quotes), rows)


def list_events(database: Database, kind: EventKind | None = None, *, after: int = 0) -> list[Event]:
    """Everybody's events in their order, those `after` an id; all, or of one kind."""
    query = select(events).where(events.c.id > after).order_by(events.c.id)
    if kind is not None:
        query = query.where(events.c.kind == kind)
    with database.reading() as connection:
        return _read(connection, query)


def list_own(
    database: Database, user: int | None, groups: Groups, *, ask: str = "", limit: int = 1_000
) -> list[Event]:
    """A person's events, the newest first; all, or of one answer. Those about a document that is gone, or
    that they may read no more, and those of a sentence that cites one, are left out: they hold its words."""
    mine = select(events).where(_of(user), _readable(groups))
    query = mine.order_by(events.c.id.desc()).limit(limit)
    if ask:
        query = query.where(events.c.ask == ask)
    with database.reading() as connection:
        return _read(connection, query)


def remove_event(database: Database, identifier: int, user: int | None, groups: Groups) -> Event:
    """Take a person's event out, and where it is a vote, all their votes on that sentence; return it.

    Raises NotFoundError where `list_own` has none of that id.
    """
    with database.writing() as connection:
        mine = select(events).where(events.c.id == identifier, _of(user), _readable(groups))
        found = _read(connection, mine)
        if not found:
            raise NotFoundError("There is no such event.", "It may have been taken back already.")
        event = found[0]
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
    cited = select(documents.c.id).where(documents.c.id == event_quotes.c.document, *may_read(groups))
    here = select(event_quotes.c.event).where(event_quotes.c.event == events.c.id)
    hidden = exists(here.where(~exists(cited).correlate(event_quotes)))
    mine = or_(events.c.document.is_(None), readable.correlate(events))
    return and_(mine, ~hidden.correlate(events))


def _read(connection: Connection, query: Select[tuple[object, ...]]) -> list[Event]:
    """The events of a query, with the places that their sentences cite."""
    rows = connection.execute(query).all()
    ids = [row._mapping["id"] for row in rows if row._mapping["sentence"] is not None]
    quotes: dict[int, list[QuotedPlace]] = defaultdict(list)
    for start in range(0, len(ids), _AT_ONCE):
        some = event_quotes.c.event.in_(ids[start : start + _AT_ONCE])
        for one in connection.execute(select(event_quotes).where(some).order_by(event_quotes.c.rank)):
            quotes[one.event].append(QuotedPlace(one.document, one.start, one.end))
    return [_event(row, tuple(quotes[row._mapping["id"]])) for row in rows]


def _event(row: Row[tuple[object, ...]], quotes: tuple[QuotedPlace, ...]) -> Event:
    kept = row._mapping
    sentence = kept["sentence"]
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
        shown=None if sentence is None else ShownSentence(sentence, quotes),
    )
