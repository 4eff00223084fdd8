"""Settings that are kept with a store."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from everask.index.schema import settings


def read_setting(connection: Connection, key: str) -> str | None:
    """The value, or None."""
    return connection.scalar(select(settings.c.value).where(settings.c.key == key))


def write_setting(connection: Connection, key: str, value: str) -> None:
    """Set the value, in place of an earlier one."""
    changed = connection.execute(update(settings).where(settings.c.key == key).values(value=value))
    if changed.rowcount == 0:
        connection.execute(insert(settings).values(key=key, value=value))
