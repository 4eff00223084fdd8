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
    languages = select(passages.c.language, number).group_by(passages.c.language).order_by(number.desc())
    outcomes = select(sources.c.status, number).group_by(sources.c.status)
    return StoreCounts(
        documents=int(connection.scalar(select(number).select_from(documents)) or 0),
        passages=int(connection.scalar(select(state.c.passages)) or 0),
        vectors=_numbers(connection, _made()),
        pending=_numbers(connection, _left()),
        languages=_numbers(connection, languages),
        sources=_numbers(connection, outcomes),
    )


def read_mark(connection: Connection) -> tuple[object, ...]:
    """Differs when any of the counts may: documents, rights or sources changed, or vectors were made."""
    pile = connection.execute(select(state.c.epoch, state.c.changes)).one()
    made = select(language_sums.c.encoder, func.coalesce(func.sum(language_sums.c.count), 0))
    rows = connection.execute(made.group_by(language_sums.c.encoder).order_by(language_sums.c.encoder))
    return (*pile, *(tuple(row) for row in rows))


def _made() -> Select[Any]:
    """How many vectors there are, by encoder."""
    number = func.coalesce(func.sum(language_sums.c.count), 0)
    return select(encoders.c.name, number).outerjoin_from(encoders, language_sums).group_by(encoders.c.name)


def _left() -> Select[Any]:
    """How many passages wait for a vector, by encoder."""
    number = func.count(waiting.c.passage)
    return select(encoders.c.name, number).outerjoin_from(encoders, waiting).group_by(encoders.c.name)


def _readable(table: Table, readable: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """How many readable passages stand in a table of vectors, or of those that wait for them, by encoder."""
    rows = select(encoders.c.name, func.count()).join_from(table, encoders, encoders.c.id == table.c.encoder)
    of_passages = rows.join(passages, passages.c.id == table.c.passage).join(documents)
    return of_passages.where(*readable).group_by(encoders.c.name)


def _numbers(connection: Connection, query: Select[Any]) -> dict[str, int]:
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def read_some(connection: Connection, groups: Groups) -> StoreCounts:
    """Count what these groups may read, in one state of the store; sources are nobody's."""
    number = func.count()
    readable = may_read(groups)
    spoken = select(passages.c.language, number).join_from(passages, documents).where(*readable)
    languages = _numbers(connection, spoken.group_by(passages.c.language).order_by(number.desc()))
    left = _numbers(connection, _readable(waiting, readable))
    return StoreCounts(
        documents=int(connection.scalar(select(number).select_from(documents).where(*readable)) or 0),
        passages=sum(languages.values()),
        vectors=_made_readable(connection, readable, sum(languages.values()), left),
        pending=left,
        languages=languages,
        sources={},
    )


def _made_readable(
    connection: Connection, readable: Sequence[ColumnElement[bool]], num_readable: int, left: dict[str, int]
) -> dict[str, int]:
    """How many readable passages have a vector, by encoder: what does not wait for one. Where some neither
    wait nor have one, as for rough vectors, all are looked at, which takes as long as the rest together."""
    made, waits = _numbers(connection, _made()), _numbers(connection, _left())
    total = int(connection.scalar(select(state.c.passages)) or 0)
    if any(number and number + waits[name] != total for name, number in made.items()):
        return _numbers(connection, _readable(vectors, readable))
    return {name: num_readable - left.get(name, 0) for name, number in made.items() if number}
