"""What was trained, from whom and from what, and which of it serves: one row each, with its weights.

Small weights stand in the row itself, so that a promotion is one transaction, seen by every process at once,
and goes into backups; an encoder's are files, and its row only tells of it. Which events, documents and
people it learned from is kept by number. Why it must be trained again is not noted when that happens but
looked up: however a document or a person went, it is seen. Knows nothing of how anything is trained or
measured.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import (
    Column,
    Connection,
    Row,
    Select,
    Table,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    literal_column,
    select,
    update,
)

from everask.errors import NotFoundError
from everask.index.learning_schema import learned, learned_documents, learned_events, learned_users
from everask.index.people_schema import users
from everask.index.schema import documents
from everask.index.settings import read_setting, write_setting

LearnedState = Literal["kept", "trial", "refused", "before", "undone"]
"""Kept: it passed the gate, and serves. Trial: it passed, and is compared on live searches. Before: another
was kept after it. Undone: it was taken back."""

GONE = "A document that it learned from was removed."
LIMITED = "A document that it learned from may be read by some people only now."
LEFT = "A person whose votes it learned from was removed."
STALE = (GONE, LIMITED, LEFT)
_SETTING, _TRIAL = "learned", "trial"
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Lineage:
    """What something learned from; the owner is nobody among the people."""

    events: frozenset[int] = frozenset()
    documents: frozenset[str] = frozenset()
    users: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Learned:
    """Something that was trained. `groups` are those that it belongs to, None: all people share it. `stale`
    says why it must be trained again; `card` is what is known of it, with its weights if they are small."""

    name: str
    kind: str
    made_at: float
    state: LearnedState
    groups: tuple[str, ...] | None = None
    stale: str = ""
    card: Mapping[str, Any] = field(default_factory=dict)
    num_events: int = 0
    num_documents: int = 0
    num_users: int = 0


def put_learned(connection: Connection, made: Learned, lineage: Lineage) -> None:
    """Keep what was trained, in place of an earlier row of its name."""
    connection.execute(delete(learned).where(learned.c.name == made.name))
    connection.execute(
        insert(learned).values(
            name=made.name,
            kind=made.kind,
            made_at=made.made_at,
            state=made.state,
            groups=None if made.groups is None else json.dumps(made.groups),
            stale=made.stale,
            card=json.dumps(dict(made.card), ensure_ascii=False),
        )
    )
    _put_all(connection, learned_events, learned_events.c.event, made.name, sorted(lineage.events))
    _put_all(
        connection, learned_documents, learned_documents.c.document, made.name, sorted(lineage.documents)
    )
    _put_all(connection, learned_users, learned_users.c.user, made.name, sorted(lineage.users))


def list_learned(connection: Connection, kind: str | None = None) -> list[Learned]:
    """All that was trained, or all of a kind, the newest first."""
    query = _query().order_by(learned.c.made_at.desc(), learned.c.name.desc())
    if kind is not None:
        query = query.where(learned.c.kind == kind)
    return [_learned(row) for row in connection.execute(query)]


def find_learned(connection: Connection, name: str) -> Learned:
    """Raises NotFoundError."""
    row = connection.execute(_query().where(learned.c.name == name)).first()
    if row is None:
        raise NotFoundError(f"There is no {name}.", "`everask train status` shows what was trained.")
    return _learned(row)


def read_lineage(connection: Connection, name: str) -> Lineage:
    """What it learned from."""
    events = select(learned_events.c.event).where(learned_events.c.learned == name)
    named = select(learned_documents.c.document).where(learned_documents.c.learned == name)
    people = select(learned_users.c.user).where(learned_users.c.learned == name)
    return Lineage(
        frozenset(connection.scalars(events)),
        frozenset(connection.scalars(named)),
        frozenset(connection.scalars(people)),
    )


def set_state(connection: Connection, name: str, state: LearnedState) -> None:
    """Say what became of it."""
    connection.execute(update(learned).where(learned.c.name == name).values(state=state))


def add_to_card(connection: Connection, name: str, more: Mapping[str, Any]) -> None:
    """Keep more of what is known of it."""
    card = {**find_learned(connection, name).card, **more}
    said = json.dumps(card, ensure_ascii=False)
    connection.execute(update(learned).where(learned.c.name == name).values(card=said))


def serving_name(connection: Connection, kind: str) -> str | None:
    """What was trained and serves; None: what ships does."""
    return read_setting(connection, f"{_SETTING}.{kind}") or None


def trial_name(connection: Connection, kind: str) -> str | None:
    """What is compared with it on live searches; None: nothing is."""
    return read_setting(connection, f"{_SETTING}.{kind}.{_TRIAL}") or None


def serving_weights(connection: Connection, kind: str) -> tuple[str, Mapping[str, Any]] | None:
    """The name and the weights of what serves; None: what ships does, or the row has none."""
    return _weights(connection, serving_name(connection, kind))


def trial_weights(connection: Connection, kind: str) -> tuple[str, Mapping[str, Any]] | None:
    """The name and the weights of what is on trial; None: nothing is."""
    return _weights(connection, trial_name(connection, kind))


def serve(connection: Connection, kind: str, name: str | None) -> None:
    """Let it serve from now on, in every process; None: what ships."""
    write_setting(connection, f"{_SETTING}.{kind}", name or "")


def try_out(connection: Connection, kind: str, name: str | None) -> None:
    """Let it be compared on live searches from now on; None: nothing is."""
    write_setting(connection, f"{_SETTING}.{kind}.{_TRIAL}", name or "")


def follow_documents(connection: Connection, gone: Sequence[str], now: Iterable[str]) -> None:
    """Files changed: for what learned from documents that are `gone` those that stand there `now` count: when
    they are removed, it must be trained again."""
    for start in range(0, len(gone), _AT_ONCE):
        old = learned_documents.c.document.in_(gone[start : start + _AT_ONCE])
        names = list(connection.scalars(select(learned_documents.c.learned).where(old).distinct()))
        if not names:
            continue
        connection.execute(delete(learned_documents).where(old))
        rows = [{"learned": name, "document": one} for name in names for one in now]
        if rows:
            connection.execute(insert(learned_documents).prefix_with("OR IGNORE", dialect="sqlite"), rows)


def _put_all(
    connection: Connection, table: Table, column: Column[Any], name: str, values: Sequence[int | str]
) -> None:
    if values:
        connection.execute(insert(table), [{"learned": name, column.name: one} for one in values])


def _query() -> Any:
    """Rows with their counts, and with why they are stale."""
    named = learned_documents.c.learned == learned.c.name
    there: Select[Any] = select(literal_column("1")).where(documents.c.id == learned_documents.c.document)
    is_there = exists(there.correlate(learned_documents))
    gone: Select[Any] = select(literal_column("1")).select_from(learned_documents).where(named, ~is_there)
    some: Select[Any] = select(literal_column("1")).select_from(learned_documents)
    limited = some.where(named, exists(there.where(documents.c.num_groups > 0).correlate(learned_documents)))
    person = exists(
        select(literal_column("1")).where(users.c.id == learned_users.c.user).correlate(learned_users)
    )
    of = learned_users.c.learned == learned.c.name
    left: Select[Any] = select(literal_column("1")).select_from(learned_users).where(of, ~person)
    why = case(
        (learned.c.stale != "", learned.c.stale),
        (exists(gone.correlate(learned)), literal(GONE)),
        (exists(limited.correlate(learned)), literal(LIMITED)),
        (exists(left.correlate(learned)), literal(LEFT)),
        else_=literal(""),
    )
    return select(
        learned,
        why.label("why_stale"),
        _count(learned_events).label("num_events"),
        _count(learned_documents).label("num_documents"),
        _count(learned_users).label("num_users"),
    )


def _count(table: Table) -> Any:
    rows = select(func.count()).select_from(table).where(table.c.learned == learned.c.name)
    return rows.correlate(learned).scalar_subquery()


def _learned(row: Row[Any]) -> Learned:
    return Learned(
        name=row.name,
        kind=row.kind,
        made_at=row.made_at,
        state=row.state,
        groups=None if row.groups is None else tuple(json.loads(row.groups)),
        stale=row.why_stale,
        card=_card(row.card),
        num_events=row.num_events,
        num_documents=row.num_documents,
        num_users=row.num_users,
    )


@functools.lru_cache(maxsize=8)
def _card(text: str) -> Mapping[str, Any]:
    """What it holds; nothing where it is damaged: then nothing serves by it, and `weights` are missing. Every
    search asks for that of what serves: nobody changes what is returned."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _weights(connection: Connection, name: str | None) -> tuple[str, Mapping[str, Any]] | None:
    if name is None:
        return None
    text = connection.scalar(select(learned.c.card).where(learned.c.name == name))
    found = _card(text or "").get("weights")
    return (name, found) if isinstance(found, dict) else None
