"""Which encoder searches go by, and the end of those that they no longer go by.

One row of the store's settings names it, so a change is one transaction, seen by every process at its
next search. Vectors of another encoder may stand beside it, built for a change or left from one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from everask.encoder.static import MARK
from everask.index import graph, vectors
from everask.index.database import Database
from everask.index.schema import encoders
from everask.index.settings import read_setting, write_setting

SETTING = "encoder.active"

_REMOVED_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class ActiveEncoder:
    """Its id, and the folder that it is opened from."""

    id: str
    folder: str


def read_active(connection: Connection) -> ActiveEncoder | None:
    """What the store says."""
    value = read_setting(connection, SETTING)
    if value is None:
        return None
    record = json.loads(value)
    return ActiveEncoder(record["id"], record["folder"])


def write_active(connection: Connection, active: ActiveEncoder) -> None:
    """Change it."""
    write_setting(connection, SETTING, json.dumps({"id": active.id, "folder": active.folder}))


def keep_only(database: Database, store: Path, names: Sequence[str]) -> list[str]:
    """Forget every encoder but these and their rough companions; return which went."""
    with database.reading() as connection:
        known = connection.scalars(select(encoders.c.name)).all()
    gone = [name for name in known if name.partition(MARK)[0] not in names]
    for name in gone:
        forget(database, store, name)
    return sorted({name.removesuffix(vectors.LEAVING) for name in gone})


def forget(database: Database, store: Path, name: str) -> None:
    """Remove an encoder with its vectors, a part at a time: nobody waits long for the write lock.

    Interrupted, it is gone on with when it is called again.
    """
    with database.writing() as connection:
        leaving = vectors.rename_leaving(connection, name)
    done = leaving is None
    while leaving is not None and not done:
        with database.writing() as connection:
            done = vectors.forget_some(connection, leaving, _REMOVED_AT_ONCE)
    graph.remove(graph.folder_of(store, name.removesuffix(vectors.LEAVING)))
