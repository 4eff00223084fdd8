"""Removed means gone from the disk, too, and not only from what is found.

SQLite overwrites with zeros what it frees (`secure_delete`). The index of words keeps a removed row beside a
mark that it is gone until both are merged: `erase` merges them, a piece at a time, drops the words that are
kept for spelling, and empties the log of changes. Until then traces stay in the data folder's files, and a
removed passage's vector (no word of it) in the vector graph until that is next built. A disk's own copies
(snapshots, journals, worn cells) are out of reach.
"""

from __future__ import annotations

from collections.abc import Callable

from everask.index.database import Database
from everask.index.removals import count_removals
from everask.index.settings import read_setting, write_setting
from everask.index.vocabulary import words_file

PIECE = 500
"""Pages of the index of words that one transaction merges."""
_ERASED = "erased"


def erase(database: Database, stopped: Callable[[], bool] | None = None) -> bool:
    """Take what was removed out of the files; whether nothing is left to do. Others write in between."""
    with database.reading() as connection:
        removals = count_removals(connection)
        if str(removals) == (read_setting(connection, _ERASED) or "0"):
            return True
    size = -PIECE  # the first call says that all is to be merged
    while _merge(database, size):
        size = PIECE
        if stopped and stopped():
            return False
    words_file(database.path.parent).unlink(missing_ok=True)
    with database.outside() as connection:
        busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    if not busy:
        with database.writing() as connection:
            write_setting(connection, _ERASED, str(removals))
    return not busy


def _merge(database: Database, size: int) -> bool:
    """Merge a piece; whether there was anything to merge."""
    with database.writing() as connection:
        before = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
        connection.exec_driver_sql("INSERT INTO lexical(lexical, rank) VALUES ('merge', ?)", (size,))
        after = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
    return bool(after - before >= 2)
