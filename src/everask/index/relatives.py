"""Documents that may be versions or copies of another: of the same content, or with a name like its."""

from __future__ import annotations

from sqlalchemy import or_, select

from everask.index.conditions import Groups, may_read
from everask.index.database import Database
from everask.index.schema import documents
from everask.types import DocumentInfo

MOST = 300


def list_relatives(
    database: Database, document: DocumentInfo, word: str, groups: Groups
) -> list[tuple[str, bool]]:
    """Other documents that the asker may read, of the same content or with `word` in their names, the latest
    first: their ids, and whether the content is the same."""
    own = select(documents.c.content).where(documents.c.id == document.id).scalar_subquery()
    alike = [documents.c.content == own]
    if word:
        alike.append(documents.c.name.icontains(word, autoescape=True))
    query = select(documents.c.id, documents.c.content == own)
    query = query.where(or_(*alike), documents.c.id != document.id, *may_read(groups))
    with database.reading() as connection:
        rows = connection.execute(query.order_by(documents.c.modified.desc()).limit(MOST)).all()
    return [(str(row[0]), bool(row[1])) for row in rows]
