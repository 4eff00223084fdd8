"""Backups: a consistent copy of a store in use, and its way back, checked before anything is touched.

A backup is a folder with the database and a manifest. Derived indexes are not in it: they are rebuilt.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from everask.errors import StoreError, UsageError
from everask.index.database import BUSY_MS, FILE_NAME, Database
from everask.index.disk import sync
from everask.index.schema import HEAD

MANIFEST = "manifest.json"
FORMAT = 1


def save(database: Database, target: Path) -> None:
    """Write a backup into the folder `target`, which must be empty or not be there yet.

    Others may write meanwhile; what they write is in the backup wholly or not at all.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} is there already.", "Name a new folder for the backup.")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    partial.mkdir()
    try:
        copy = partial / FILE_NAME
        with database.outside() as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(copy),))
        manifest = {
            "format": FORMAT,
            "schema": HEAD,
            "created": time.time(),
            "files": {FILE_NAME: {"size": copy.stat().st_size, "sha256": _sha256(copy)}},
        }
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
        for path in (copy, partial / MANIFEST, partial):
            sync(path)
        if target.exists():
            target.rmdir()
        partial.replace(target)
        sync(target.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def restore(backup: Path, folder: Path) -> None:
    """Put a backup in place of the store in `folder`, in one transaction; other processes may go on.

    Raises StoreError when the backup is damaged, incomplete or of a newer Everask: nothing is touched.
    """
    source = _verify(backup)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=folder) as place:
        copy = Path(place) / FILE_NAME
        shutil.copyfile(source, copy)
        _check(copy, backup)
        # What was derived from the store as it is now must not be taken for derived from this one.
        with sqlite3.connect(copy) as connection:
            connection.execute("UPDATE state SET epoch = ?", (uuid.uuid4().hex,))
        connection.close()
        if not _copy_into(copy, folder / FILE_NAME):
            _set_aside(folder)
            _copy_into(copy, folder / FILE_NAME)
    Database(folder, create=False).close()  # an older backup is brought up to date


def _verify(backup: Path) -> Path:
    try:
        manifest: dict[str, Any] = json.loads((backup / MANIFEST).read_bytes())
        source = backup / FILE_NAME
        stored = manifest["files"][FILE_NAME]
        if source.stat().st_size != stored["size"] or _sha256(source) != stored["sha256"]:
            raise StoreError(f"The backup {backup} is damaged.", "Use another one; nothing was changed.")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{backup} is not a whole backup ({error.__class__.__name__}: {error}).",
            "Name a folder that `everask backup` wrote; nothing was changed.",
        ) from error
    if str(manifest.get("schema")) > HEAD:
        raise StoreError(
            f"The backup {backup} was made by a newer Everask.", "Upgrade Everask; nothing was changed."
        )
    return source


def _check(copy: Path, backup: Path) -> None:
    connection = sqlite3.connect(copy)
    try:
        if connection.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",):
            return
        reason = "integrity"
    except sqlite3.DatabaseError as error:
        reason = str(error)
    finally:
        connection.close()
    raise StoreError(f"The backup {backup} is damaged ({reason}).", "Use another one; nothing was changed.")


def _copy_into(copy: Path, live: Path) -> bool:
    """Replace the content of a database through SQLite itself; False when it is too damaged for that."""
    source, target = sqlite3.connect(copy), sqlite3.connect(live, timeout=BUSY_MS / 1000)
    try:
        target.execute("PRAGMA journal_mode=WAL")
        target.execute("PRAGMA synchronous=FULL")
        source.backup(target)
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return True
    except sqlite3.DatabaseError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise StoreError(f"{live} is in use.", "Try again when the others have finished.") from error
        return False
    finally:
        source.close()
        target.close()


def _set_aside(folder: Path) -> None:
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    for name in (FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"):
        if (folder / name).exists():
            (folder / name).replace(folder / f"{name}.damaged-{stamp}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
