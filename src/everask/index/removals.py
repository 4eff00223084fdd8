"""How often something was removed from a store: what was made of an earlier state may hold its words."""

from __future__ import annotations

from sqlalchemy import Connection

from everask.index.settings import read_setting, write_setting

_KEY = "removals"


def note_removal(connection: Connection) -> None:
    """Something was removed."""
    write_setting(connection, _KEY, str(count_removals(connection) + 1))


def count_removals(connection: Connection) -> int:
    """How often, so far."""
    return int(read_setting(connection, _KEY) or 0)
