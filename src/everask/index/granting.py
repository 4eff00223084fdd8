"""Which groups may read what is at a place: a file, a folder, a page, a member of a container.

What is said of a place holds for all that is below it and will ever be, until something is said of a place
nearer to it. It outlives the documents: a file that is gone for a moment comes back no more public than it
was. Places without a word are everybody's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from everask.index.accounts import check_groups
from everask.index.conditions import below
from everask.index.people_schema import place_groups
from everask.index.schema import document_groups, documents, state


def grant(connection: Connection, uri: str, groups: Iterable[str]) -> int:
    """Let these groups alone read what is at a place and below it, whatever was said there before; everybody
    where there are none. Returns how many documents there are now. Raises UsageError for a wrong name."""
    names = check_groups(groups)
    place = uri.rstrip("/") or uri
    connection.execute(delete(place_groups).where(below(place_groups.c.uri, place)))
    connection.execute(insert(place_groups).values(uri=place, groups=json.dumps(names)))
    here = below(documents.c.uri, place)
    numbers = select(documents.c.number).where(here)
    connection.execute(delete(document_groups).where(document_groups.c.document.in_(numbers)))
    for ordinal, name in enumerate(names):
        rows = select(documents.c.number, literal(name), literal(ordinal)).where(here)
        connection.execute(insert(document_groups).from_select(["document", "name", "ordinal"], rows))
    changed = connection.execute(update(documents).where(here).values(num_groups=len(names)))
    # What is remembered of who may read what is looked up again.
    connection.execute(update(state).values(changes=state.c.changes + 1))
    return changed.rowcount


def groups_of_place(connection: Connection, uri: str) -> tuple[str, ...]:
    """The groups that may read a document at this place; none: everybody."""
    places = [uri, *(uri[:at] for at, sign in enumerate(uri) if sign in "/#")]
    nearest = (
        select(place_groups.c.groups)
        .where(place_groups.c.uri.in_(places))
        .order_by(func.length(place_groups.c.uri).desc())
        .limit(1)
    )
    found = connection.scalar(nearest)
    return tuple(json.loads(found)) if found else ()


def groups_of_documents(connection: Connection, identifiers: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The groups that alone may read each of these documents; those of everybody are left out."""
    query = (
        select(documents.c.id, document_groups.c.name)
        .join_from(documents, document_groups, document_groups.c.document == documents.c.number)
        .where(documents.c.id.in_(identifiers))
        .order_by(documents.c.id, document_groups.c.ordinal)
    )
    found: dict[str, tuple[str, ...]] = {}
    for identifier, name in connection.execute(query):
        found[identifier] = (*found.get(identifier, ()), name)
    return found


def list_places(connection: Connection) -> list[tuple[str, tuple[str, ...]]]:
    """The places of which something was said, with the groups that may read what is there."""
    rows = connection.execute(select(place_groups).order_by(place_groups.c.uri))
    return [(row.uri, tuple(json.loads(row.groups))) for row in rows]


def forget_place(connection: Connection, uri: str) -> None:
    """A place is gone for good: nothing will be there again."""
    connection.execute(delete(place_groups).where(place_groups.c.uri == uri))
