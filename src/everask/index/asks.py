"""Questions that were answered, with what was answered: kept for who asked, and for nobody else.

An answer is theirs as long as the rights hold that it was made with: every document whose words it shows is
there and may be read by them. It goes with the first of its documents, in the transaction that removes it.
What is in `data` is the servers' matter.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, insert, or_, select, update

from everask.index.blobs import storable
from everask.index.conditions import Groups, may_read
from everask.index.database import Database
from everask.index.lexical import read_pile
from everask.index.people_schema import ask_documents, asks, event_quotes, events
from everask.index.schema import documents

MAX_SECONDS = 365 * 86_400.0
BATCH = 500


@dataclass(frozen=True, slots=True)
class KeptAsk:
    """A question with its answer. `user` None is the owner; `groups` are whose documents were looked at, None
    all; `documents` are those whose words it shows."""

    id: str
    user: int | None
    groups: Groups
    question: str
    follows: str
    asked_at: float
    state: str
    data: bytes
    documents: frozenset[str]


@dataclass(frozen=True, slots=True)
class AskEntry:
    """A question in the list of what somebody asked."""

    id: str
    question: str
    asked_at: float


def keep_ask(database: Database, ask: KeptAsk, most: int) -> None:
    """Keep an answer, and of its person's no more than the newest `most`, none older than a year."""
    with database.writing() as connection:
        connection.execute(delete(asks).where(asks.c.id == ask.id))
        if len(_there(connection, ask.documents, None)) < len(ask.documents):
            return  # one of them was removed meanwhile, and the answer with it
        connection.execute(
            insert(asks).values(
                id=ask.id,
                user=ask.user,
                groups=None if ask.groups is None else json.dumps(ask.groups),
                question=storable(ask.question),
                follows=ask.follows,
                asked_at=ask.asked_at,
                state=ask.state,
                data=ask.data,
            )
        )
        shown = [{"ask": ask.id, "document": one} for one in sorted(ask.documents)]
        if shown:
            connection.execute(insert(ask_documents), shown)
        newest = select(asks.c.id).where(_of(ask.user)).order_by(asks.c.asked_at.desc()).limit(most)
        connection.execute(delete(asks).where(_of(ask.user), asks.c.id.not_in(newest)))
        connection.execute(delete(asks).where(asks.c.asked_at < time.time() - MAX_SECONDS))


def find_ask(database: Database, identifier: str, user: int | None, groups: Groups) -> KeptAsk | None:
    """A person's answer; None where there is none, or they may no longer read all that it shows."""
    with database.reading() as connection:
        query = select(asks).where(asks.c.id == identifier, _of(user), _shows_readable(groups))
        row = connection.execute(query).first()
        if row is None or not holds(_groups(row.groups), groups):
            return None
        shown = connection.scalars(select(ask_documents.c.document).where(ask_documents.c.ask == row.id))
        return KeptAsk(
            id=row.id,
            user=row.user,
            groups=_groups(row.groups),
            question=row.question,
            follows=row.follows,
            asked_at=row.asked_at,
            state=row.state,
            data=row.data,
            documents=frozenset(shown),
        )


def list_asks(
    database: Database, user: int | None, groups: Groups, limit: int, document: str | None = None
) -> list[AskEntry]:
    """A person's answers that they may still read, newest first; or those that show words of a document."""
    query = (
        select(asks.c.id, asks.c.question, asks.c.asked_at, asks.c.groups)
        .where(_of(user), _shows_readable(groups))
        .order_by(asks.c.asked_at.desc())
    )
    if document is not None:
        shown = select(ask_documents.c.ask).where(ask_documents.c.document == document)
        query = query.where(asks.c.id.in_(shown))
    with database.reading() as connection:
        rows = connection.execute(query).all()
    found = [row for row in rows if holds(_groups(row.groups), groups)]
    return [AskEntry(row.id, row.question, row.asked_at) for row in found[:limit]]


def remove_ask(database: Database, identifier: str, user: int | None) -> bool:
    """Forget a person's answer, with what they did with it; False where they have none of that id."""
    with database.writing() as connection:
        gone = connection.execute(delete(asks).where(asks.c.id == identifier, _of(user)))
        if gone.rowcount:
            connection.execute(delete(events).where(events.c.ask == identifier))
    return gone.rowcount > 0


def are_readable(database: Database, ids: Iterable[str], groups: Groups) -> tuple[bool, int]:
    """Whether some documents are all there and may be read, and how often documents have changed so far."""
    wanted = set(ids)
    with database.reading() as connection:
        return len(_there(connection, wanted, groups)) == len(wanted), read_pile(connection).changes


def forget_documents(connection: Connection, ids: Sequence[str], *, with_events: bool = False) -> None:
    """Documents are gone: so are the answers that show their words, and what people did with these words
    where nothing takes the documents' place. Else that stays, without sentences that cite them."""
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        shown = select(ask_documents.c.ask).where(ask_documents.c.document.in_(some))
        connection.execute(delete(asks).where(asks.c.id.in_(shown)))
        cite = select(event_quotes.c.event).where(event_quotes.c.document.in_(some))
        if with_events:
            theirs = or_(events.c.document.in_(some), events.c.id.in_(cite))
            connection.execute(delete(events).where(theirs))
        else:
            connection.execute(update(events).where(events.c.id.in_(cite)).values(sentence=None))
            connection.execute(delete(event_quotes).where(event_quotes.c.event.in_(cite)))


def holds(made_with: Groups, groups: Groups) -> bool:
    """Whether who has `groups` may see what was made of all that `made_with` may read."""
    return groups is None or (made_with is not None and set(made_with) <= set(groups))


def _there(connection: Connection, ids: Iterable[str], groups: Groups) -> set[str]:
    wanted = sorted(ids)
    found: set[str] = set()
    for start in range(0, len(wanted), BATCH):
        some = documents.c.id.in_(wanted[start : start + BATCH])
        found.update(connection.scalars(select(documents.c.id).where(some, *may_read(groups))))
    return found


def _shows_readable(groups: Groups) -> ColumnElement[bool]:
    readable = exists(
        select(documents.c.id).where(documents.c.id == ask_documents.c.document, *may_read(groups))
    ).correlate(ask_documents)
    hidden = exists(select(ask_documents.c.ask).where(and_(ask_documents.c.ask == asks.c.id, ~readable)))
    return ~hidden.correlate(asks)


def _groups(stored: str | None) -> Groups:
    return None if stored is None else tuple(json.loads(stored))


def _of(user: int | None) -> ColumnElement[bool]:
    return asks.c.user.is_(None) if user is None else asks.c.user == user
