"""What people did, in the order of happening: added at the end, and never changed."""

from __future__ import annotations

import json

from sqlalchemy import Row, insert, select

from everask.index.blobs import storable
from everask.index.database import Database
from everask.index.people_schema import events
from everask.types import Event, EventKind

MAX_DETAIL = 20_000


def append(database: Database, event: Event) -> int:
    """Keep an event; return its id."""
    with database.writing() as connection:
        made = connection.execute(
            insert(events).values(
                at=event.at,
                kind=event.kind,
                user=event.user,
                ask=event.ask or None,
                question=storable(event.question),
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
    """Events in their order, those `after` an id; all, or of one kind."""
    query = select(events).where(events.c.id > after).order_by(events.c.id)
    if kind is not None:
        query = query.where(events.c.kind == kind)
    with database.reading() as connection:
        return [_event(row) for row in connection.execute(query)]


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
