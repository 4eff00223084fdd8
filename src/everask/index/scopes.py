"""What a question can be limited to: the folders and kinds of documents that the asker may read."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from everask.index.conditions import Groups, may_read
from everask.index.database import Database
from everask.index.schema import documents

MAX_FOLDERS = 50


@dataclass(frozen=True, slots=True)
class Scopes:
    """Folders just below what was added, and media types; those with most documents first."""

    folders: tuple[str, ...]
    media_types: tuple[str, ...]


def read_scopes(database: Database, groups: Groups) -> Scopes:
    """The choices that somebody has."""
    slash = func.instr(documents.c.name, "/")
    folder = func.substr(documents.c.name, 1, slash - 1)
    readable = may_read(groups)
    number = func.count().desc()
    folders = select(folder).where(slash > 1, *readable).group_by(folder).order_by(number, folder)
    kinds = select(documents.c.media_type).where(*readable).group_by(documents.c.media_type).order_by(number)
    with database.reading() as connection:
        return Scopes(tuple(connection.scalars(folders.limit(MAX_FOLDERS))), tuple(connection.scalars(kinds)))
