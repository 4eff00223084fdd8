"""The SQLite database of a store: connections, transactions, and its schema brought up to date.

A writer takes the write lock first (BEGIN IMMEDIATE), so that nothing it read can be outdated when it
writes; a commit has reached the disk when it returns. Readers see the state at their first read and
never wait for writers. Knows the schema's version, not its tables.
"""

from __future__ import annotations

import functools
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from everask.errors import StoreError
from everask.index import wordings
from everask.index.schema import HEAD

FILE_NAME = "store.sqlite"
BUSY_MS = 60_000
NUM_ATTEMPTS = 60
"""About 18 seconds in all."""
_PRAGMAS = (
    f"PRAGMA busy_timeout={BUSY_MS}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA fullfsync=ON",  # macOS: a plain fsync leaves data in the disk's cache
    "PRAGMA checkpoint_fullfsync=ON",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",  # what is removed is overwritten: no measurable cost
    "PRAGMA cache_size=-8000",  # of each connection, and there may be forty; the system caches the file, too
    "PRAGMA temp_store=MEMORY",
    "PRAGMA journal_size_limit=67108864",
)


class Database:
    """One SQLite file, used by threads and processes at once."""

    def __init__(self, folder: Path, *, create: bool) -> None:
        self.path = folder / FILE_NAME
        if not self.path.exists():
            if not create:
                raise StoreError(f"There is no store in {folder}.", "Add documents first.")
            folder.mkdir(parents=True, exist_ok=True)
        self._write_lock = threading.Lock()
        self._held = threading.local()
        self._engine = _create_engine(self.path)
        try:
            self._migrate()
        except BaseException:
            self._engine.dispose()
            raise

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the store throughout."""
        held: Connection | None = getattr(self._held, "connection", None)
        if held is not None:
            yield held
            return
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def still(self) -> Iterator[None]:
        """Let all that this thread reads in the block be of one state, by one connection: several reads then
        cost one transaction."""
        with self.reading() as connection:
            before = getattr(self._held, "connection", None)
            self._held.connection = connection
            try:
                yield
            finally:
                self._held.connection = before

    @property
    def is_still(self) -> bool:
        """Whether this thread is in such a block."""
        return getattr(self._held, "connection", None) is not None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection whose changes are on disk, all of them, when the block ends; or none."""
        with self._write_lock, self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def outside(self) -> Iterator[Connection]:
        """A connection outside any transaction, for commands that must stand alone."""
        with self._named_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        with self._named_errors(), self._engine.connect() as connection:
            self._begin(connection, begin)
            try:
                yield connection
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")

    @staticmethod
    def _begin(connection: Connection, begin: str) -> None:
        def attempt() -> None:
            try:
                connection.exec_driver_sql(begin)
                connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
            except DBAPIError:
                if connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
                    connection.exec_driver_sql("ROLLBACK")
                raise

        _until_free(attempt)

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise _explain(self.path, error) from error

    def _migrate(self) -> None:
        with self.outside() as connection:
            if _version(connection) == HEAD:
                return
        with self.writing() as connection:
            if _version(connection) != HEAD:  # another process may have been faster
                _upgrade(connection, self.path)


def _create_engine(path: Path) -> Engine:
    # Not written as text: a folder's name may hold what has a meaning in a URL.
    url = URL.create("sqlite", database=str(path))
    # An error's text must not carry what was asked or stored: it goes into logs.
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=8,
        max_overflow=-1,
        query_cache_size=500,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: object) -> None:
        for pragma in _PRAGMAS:
            _until_free(functools.partial(connection.execute, pragma))
        wordings.register(connection)

    return engine


def _until_free(attempt: Callable[[], object]) -> None:
    """Try again for a while: SQLite's own wait covers neither recovery after a kill nor the change to WAL."""
    for number in range(1, NUM_ATTEMPTS + 1):
        try:
            attempt()
            return
        except (DBAPIError, sqlite3.OperationalError) as error:
            said = str(getattr(error, "orig", error))
            if ("locked" not in said and "busy" not in said) or number == NUM_ATTEMPTS:
                raise
            time.sleep(0.01 * number)


def _version(connection: Connection) -> str | None:
    tables = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"
    ).all()
    if not tables:
        return None
    row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
    return str(row[0]) if row else None


def _upgrade(connection: Connection, path: Path) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    version = _version(connection)
    if version is not None and version not in known:
        raise StoreError(
            f"{path} was written by a newer Everask (schema {version}; this one knows {HEAD}).",
            "Upgrade Everask, or restore a backup made by this version.",
        )
    command.upgrade(config, "head")


def _explain(path: Path, error: DBAPIError) -> StoreError:
    reason = str(error.orig)
    if "locked" in reason or "busy" in reason:
        return StoreError(f"{path} is in use by another process.", "Try again when it has finished.")
    if "full" in reason:
        return StoreError(f"No space is left for {path}.", "Free some space and try again; nothing was lost.")
    if "readonly" in reason or "unable to open" in reason:
        return StoreError(f"{path} cannot be written ({reason}).", "Check the folder's permissions.")
    if "malformed" in reason or "not a database" in reason or "disk I/O" in reason:
        return StoreError(
            f"{path} is damaged ({reason}).",
            "Restore a backup, or move the file away and add the folders again.",
        )
    return StoreError(f"{path}: {reason}.", "This is a mistake in Everask: please report it.")
