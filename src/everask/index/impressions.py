"""What people were shown, in which order: lists of passages with what search said of each.

A list is a person's, and goes with them; a place goes with its passage. The newest are kept, so many of each
person. Knows nothing of why a place stands where it stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, delete, exists, insert, select, true

from everask.index.blobs import storable
from everask.index.conditions import Groups, passage_conditions
from everask.index.learning_schema import impression_places, impressions
from everask.index.people_schema import users
from everask.index.schema import documents, passages
from everask.types import Filters

MAX_ROWS = 20_000
MAX_OF_ONE = 2_000
MAX_PLACES = 20
MAX_QUESTION = 2_000
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """A passage as it was shown; `team` is who picked it where two rankings were on trial, and `detail` what
    search said of it."""

    passage: int
    team: str | None = None
    detail: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShownList:
    """A list that a person was shown, best first. `origin` is which page; `user` None is the owner; `detail`
    says what chance did to the order. `id` is 0 until it is stored."""

    question: str
    language: str
    user: int | None
    origin: str
    at: float
    places: tuple[ShownPlace, ...]
    detail: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0


def put_impressions(connection: Connection, shown: Sequence[ShownList]) -> int:
    """Keep lists, and let the oldest go where there are too many; how many were kept.

    A list of a person, or with a passage, that is gone meanwhile is passed over.
    """
    people = _there(connection, users.c.id, {one.user for one in shown if one.user is not None})
    known = _there(connection, passages.c.id, {place.passage for one in shown for place in one.places})
    kept = 0
    for one in shown:
        rows = [
            {"rank": rank, "passage": place.passage, "team": place.team, "detail": json.dumps(place.detail)}
            for rank, place in enumerate(one.places[:MAX_PLACES])
        ]
        is_there = all(place.passage in known for place in one.places)
        if not rows or not is_there or (one.user is not None and one.user not in people):
            continue
        made = connection.execute(
            insert(impressions).values(
                at=one.at,
                user=one.user,
                question=storable(one.question[:MAX_QUESTION]),
                language=one.language,
                origin=one.origin,
                detail=json.dumps(one.detail),
            )
        )
        key = made.inserted_primary_key
        assert key is not None, "an insert of one row gives its key"
        connection.execute(insert(impression_places), [{"impression": int(key[0]), **row} for row in rows])
        kept += 1
    _trim(connection, {one.user for one in shown})
    return kept


def forget_lists(connection: Connection, which: ColumnElement[bool]) -> None:
    """Documents are about to go: so do the lists that show them, whose questions may be about them."""
    place = impression_places
    of_documents = select(place.c.impression).join(passages, passages.c.id == place.c.passage)
    shown = of_documents.join(documents, documents.c.number == passages.c.document).where(which)
    connection.execute(delete(impressions).where(impressions.c.id.in_(shown)))


def list_impressions(
    connection: Connection, groups: Groups = None, *, origin: str | None = None, after: int = 0
) -> list[ShownList]:
    """The lists in their order, those `after` an id, with the places that `groups` may read: () is what
    everybody may, None everything. A list that has a place that they may not read is left out whole: its
    question may be about that."""
    place = impression_places
    wanted = [impressions.c.id > after, *([impressions.c.origin == origin] if origin else [])]
    readable = select(place.c.passage).distinct().join(passages, passages.c.id == place.c.passage)
    allowed = set(connection.scalars(readable.join(documents).where(*passage_conditions(Filters(), groups))))
    rows = select(place).join(impressions).where(*wanted).order_by(place.c.impression, place.c.rank)
    places: dict[int, list[ShownPlace]] = {}
    hidden: set[int] = set()
    for row in connection.execute(rows):
        shown = ShownPlace(row.passage, row.team, json.loads(row.detail))
        places.setdefault(row.impression, []).append(shown)
        if row.passage not in allowed:
            hidden.add(row.impression)
    lists = connection.execute(select(impressions).where(*wanted).order_by(impressions.c.id))
    return [_list(row, places[row.id]) for row in lists if row.id in places and row.id not in hidden]


def _list(row: Row[Any], places: Sequence[ShownPlace]) -> ShownList:
    return ShownList(
        question=row.question,
        language=row.language,
        user=row.user,
        origin=row.origin,
        at=row.at,
        places=tuple(places),
        detail=json.loads(row.detail),
        id=row.id,
    )


def _there(connection: Connection, column: Column[int], ids: Iterable[int]) -> set[int]:
    wanted, found = sorted(ids), set[int]()
    for start in range(0, len(wanted), _AT_ONCE):
        some = column.in_(wanted[start : start + _AT_ONCE])
        found.update(connection.scalars(select(column).where(some)))
    return found


def _trim(connection: Connection, people: set[int | None]) -> None:
    """Let the oldest go where there are too many, and those of which no place is left."""
    for user in people:
        own = impressions.c.user.is_(None) if user is None else impressions.c.user == user
        _keep_newest(connection, own, MAX_OF_ONE)
    _keep_newest(connection, true(), MAX_ROWS)
    left = select(impression_places.c.impression).where(impression_places.c.impression == impressions.c.id)
    connection.execute(delete(impressions).where(~exists(left.correlate(impressions))))


def _keep_newest(connection: Connection, which: ColumnElement[bool], most: int) -> None:
    newest = select(impressions.c.id).where(which).order_by(impressions.c.id.desc())
    last = connection.scalar(newest.offset(most).limit(1))
    if last is not None:
        connection.execute(delete(impressions).where(which, impressions.c.id <= last))
