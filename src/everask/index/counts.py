"""How much there is of everything in a store, for status and tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, func, select

from everask.index.conditions import Groups, may_read
from everask.index.schema import (
    documents,
    encoders,
    language_sums,
    passages,
    sources,
    state,
    vectors,
    waiting,
)


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """`vectors` and `pending` by encoder, `languages` counts passages, `sources` goes by outcome."""

    documents: int
    passages: int
    vectors: Mapping[str, int]
    pending: Mapping[str, int]
    languages: Mapping[str, int]
    sources: Mapping[str, int]


def read_counts(connection: Connection) -> StoreCounts:
    """Count everything in one state of the store."""
    number = func.count()
    by_encoder = (
        select(encoders.c.name, func.coalesce(func.sum(language_sums.c.count), 0))
        .outerjoin_from(encoders, language_sums)
        .group_by(encoders.c.name)
    )
    left = (
        select(encoders.c.name, func.count(waiting.c.passage))
        .outerjoin_from(encoders, waiting)
        .group_by(encoders.c.name)
    )
    languages = select(passages.c.language, number).group_by(passages.c.language).order_by(number.desc())
    outcomes = select(sources.c.status, number).group_by(sources.c.status)
    return StoreCounts(
        documents=int(connection.scalar(select(number).select_from(documents)) or 0),
        passages=int(connection.scalar(select(state.c.passages)) or 0),
        vectors={row[0]: int(row[1]) for row in connection.execute(by_encoder)},
        pending={row[0]: int(row[1]) for row in connection.execute(left)},
        languages={row[0]: int(row[1]) for row in connection.execute(languages)},
        sources={row[0]: int(row[1]) for row in connection.execute(outcomes)},
    )


def read_mark(connection: Connection) -> tuple[object, ...]:
    """Differs when any of the counts may: documents, rights or sources changed, or vectors were made."""
    pile = connection.execute(select(state.c.epoch, state.c.changes)).one()
    made = select(language_sums.c.encoder, func.coalesce(func.sum(language_sums.c.count), 0))
    rows = connection.execute(made.group_by(language_sums.c.encoder).order_by(language_sums.c.encoder))
    return (*pile, *(tuple(row) for row in rows))


def _by_encoder(table: Table, readable: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """How many readable passages stand in a table of vectors, or of those that wait for them, by encoder."""
    rows = select(encoders.c.name, func.count()).join_from(table, encoders, encoders.c.id == table.c.encoder)
    of_passages = rows.join(passages, passages.c.id == table.c.passage).join(documents)
    return of_passages.where(*readable).group_by(encoders.c.name)


def read_some(connection: Connection, groups: Groups) -> StoreCounts:
    """Count what these groups may read, in one state of the store; sources are nobody's."""
    number = func.count()
    readable = may_read(groups)
    spoken = select(passages.c.language, number).join_from(passages, documents).where(*readable)
    with_vector, left = (_by_encoder(table, readable) for table in (vectors, waiting))
    by_language = connection.execute(spoken.group_by(passages.c.language).order_by(number.desc()))
    languages = {row[0]: int(row[1]) for row in by_language}
    return StoreCounts(
        documents=int(connection.scalar(select(number).select_from(documents).where(*readable)) or 0),
        passages=sum(languages.values()),
        vectors={row[0]: int(row[1]) for row in connection.execute(with_vector)},
        pending={row[0]: int(row[1]) for row in connection.execute(left)},
        languages=languages,
        sources={},
    )
