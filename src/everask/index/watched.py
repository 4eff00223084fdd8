"""Folders and pages that are kept in sync: which, whether they are paused, and what the last look found.

A file that was taken out of a watched folder stays out until somebody adds it again. That is kept as a hash
of its place: removed means that its name is gone, too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import Connection, delete, insert, select, update

from everask.index import sources
from everask.index.conditions import below
from everask.index.database import Database
from everask.index.people_schema import watched
from everask.index.settings import read_setting, write_setting

LookState = Literal["new", "ok", "held", "unreachable"]
_LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class Look:
    """What the last look at a place found. `held`: much of it is gone, and nothing was removed. `etag` and
    `modified` are what a page said of itself, for the next time."""

    state: LookState = "new"
    message: str = ""
    added: int = 0
    changed: int = 0
    removed: int = 0
    failed: int = 0
    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """A folder or page that is looked at again and again."""

    uri: str
    added_at: float
    paused: bool
    looked_at: float | None
    look: Look

    @property
    def is_page(self) -> bool:
        """Whether it is a web page."""
        return not self.uri.startswith("file:")


def watch(database: Database, uris: Iterable[str], now: float) -> None:
    """Keep these places in sync from now on; one that was paused goes on."""
    with database.writing() as connection:
        for uri in uris:
            known = connection.execute(update(watched).where(watched.c.uri == uri).values(paused=0))
            if not known.rowcount:
                row = {"uri": uri, "groups": "[]", "added_at": now, "paused": 0, "outcome": _text(Look())}
                connection.execute(insert(watched).values(row))


def unwatch(database: Database, uri: str) -> bool:
    """Keep a place in sync no longer, and leave what is in the pile; False where it was not watched."""
    with database.writing() as connection:
        return connection.execute(delete(watched).where(watched.c.uri == uri)).rowcount > 0


def pause(database: Database, uri: str, paused: bool) -> bool:
    """Look at a place no more for a while, or again; False where it is not watched."""
    with database.writing() as connection:
        changed = connection.execute(update(watched).where(watched.c.uri == uri).values(paused=int(paused)))
        return changed.rowcount > 0


def list_watched(database: Database) -> list[Watched]:
    """The places, by address."""
    with database.reading() as connection:
        rows = connection.execute(select(watched).order_by(watched.c.uri)).all()
    return [
        Watched(row.uri, row.added_at, bool(row.paused), row.looked_at, Look(**json.loads(row.outcome)))
        for row in rows
    ]


def note_look(database: Database, uri: str, at: float, look: Look) -> None:
    """Keep what a look found; nothing where the place is watched no longer."""
    with database.writing() as connection:
        changed = update(watched).where(watched.c.uri == uri)
        connection.execute(changed.values(looked_at=at, outcome=_text(look)))


def take_out(database: Database, place: str) -> int:
    """Remove what is at a place and below it, because somebody said so: it is watched no more, and what a
    watched folder around it still holds on the disk stays out. Returns how many sources went, or how many
    watched places where there were none."""
    with database.writing() as connection:
        is_page = not place.startswith("file:") and sources.find_source(connection, place)
        gone = [place] if is_page else sources.uris_below(connection, place)
        removed = sources.delete_sources(connection, gone)
        ended = connection.execute(delete(watched).where(below(watched.c.uri, place))).rowcount
        around = [uri.rstrip("/") + "/" for uri in connection.scalars(select(watched.c.uri))]
        inside = [uri for uri in gone if any(uri.startswith(folder) for folder in around)]
        if inside:
            _keep(connection, _left_out(connection) | {hashed(uri) for uri in inside})
    return removed or ended


def left_out(database: Database) -> frozenset[str]:
    """The hashes of the places that stay out."""
    with database.reading() as connection:
        return frozenset(_left_out(connection))


def take_back(database: Database, uris: Iterable[str]) -> None:
    """Somebody added these places by name: they stay out no longer."""
    kept = left_out(database)
    if kept and (rest := kept - {hashed(uri) for uri in uris}) != kept:
        with database.writing() as connection:
            _keep(connection, _left_out(connection) & rest)


def hashed(uri: str) -> str:
    """A place as it is kept where its name must not stand."""
    return hashlib.sha256(uri.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _left_out(connection: Connection) -> set[str]:
    return set(json.loads(read_setting(connection, _LEFT_OUT) or "[]"))


def _keep(connection: Connection, hashes: Iterable[str]) -> None:
    write_setting(connection, _LEFT_OUT, json.dumps(sorted(hashes)))


def _text(look: Look) -> str:
    return json.dumps(asdict(look), ensure_ascii=False)
