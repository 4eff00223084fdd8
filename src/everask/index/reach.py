"""Which limit keeps a passage out of a search: the question a person asks when something was not found."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from everask.index.conditions import Groups, passage_conditions
from everask.index.database import Database
from everask.index.schema import documents, passages
from everask.types import Filters


def within(database: Database, ids: Sequence[int], filters: Filters, groups: Groups) -> set[int]:
    """Those of some passages that a search with these limits may find."""
    query = (
        select(passages.c.id)
        .join_from(passages, documents)
        .where(passages.c.id.in_(ids), *passage_conditions(filters, groups))
    )
    with database.reading() as connection:
        return set(connection.scalars(query))
