"""What `doctor` asks of a store: is everything there, whole, and agreeing with everything else?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, Select, func, select

from everask.errors import StoreError
from everask.index import blobs, graph, vectors
from everask.index.database import Database
from everask.index.lexical import read_pile
from everask.index.schema import documents, encoders, language_sums, layouts, passages, texts
from everask.index.schema import vectors as vector_table

BATCH = 2_000


def inspect(database: Database, store: Path) -> list[str]:
    """Problems as lines for people; none when all is well."""
    try:
        with database.writing() as connection:  # which SQLite's own check of FTS5 demands
            problems = list(_check_lexical(connection))
        with database.reading() as connection:
            for check in (_check_pages, _check_counts, _check_texts, _check_passages, _check_vectors):
                problems += check(connection)
            problems += _check_derived(connection, store)
    except StoreError as error:
        return [str(error)]
    return problems


def _check_pages(connection: Connection) -> Iterator[str]:
    for (line,) in connection.exec_driver_sql("PRAGMA integrity_check(20)"):
        if line != "ok":
            yield f"The database is damaged: {line}."
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    for table in sorted({row[0] for row in orphans}):
        yield f"Rows of {table} belong to nothing."


def _check_lexical(connection: Connection) -> Iterator[str]:
    try:
        connection.exec_driver_sql("INSERT INTO lexical(lexical) VALUES ('integrity-check')")
    except Exception as error:  # noqa: BLE001  SQLite's error may be of any class here
        yield f"The index of words is damaged ({error.__class__.__name__})."
    rows = "SELECT rowid FROM lexical_docsize"
    for this, other, problem in (
        ("SELECT id FROM passages", rows, "passages are not in the index of words"),
        (rows, "SELECT id FROM passages", "entries of the index of words belong to no passage"),
    ):
        query = f"SELECT count(*) FROM ({this} EXCEPT {other})"
        number = connection.exec_driver_sql(query).scalar_one()
        if number:
            yield f"{number} {problem}."


def _check_counts(connection: Connection) -> Iterator[str]:
    number = connection.scalar(select(func.count()).select_from(passages))
    if number != read_pile(connection).passages:
        yield f"The number of passages is {number}, and should be {read_pile(connection).passages}."
    held = select(func.count()).where(passages.c.document == documents.c.number).scalar_subquery()
    query = select(documents.c.name).where(held != documents.c.num_passages).limit(20)
    for name in connection.scalars(query):
        yield f"Document {name!r} has not all of its passages."
    query = select(documents.c.name).outerjoin(layouts).where(layouts.c.document.is_(None)).limit(20)
    for name in connection.scalars(query):
        yield f"Document {name!r} has no layout."


def _check_texts(connection: Connection) -> Iterator[str]:
    query = select(documents.c.name, texts.c.data).join_from(texts, documents)
    yield from _unreadable(connection, query, blobs.unpack_text)
    query = select(documents.c.name, layouts.c.blocks).join_from(layouts, documents)
    yield from _unreadable(connection, query, blobs.unpack_blocks)
    query = select(documents.c.name, layouts.c.pages).join_from(layouts, documents)
    yield from _unreadable(connection, query, blobs.unpack_pages)


def _check_passages(connection: Connection) -> Iterator[str]:
    query = select(documents.c.name, passages.c.data).join_from(passages, documents)
    yield from _unreadable(connection, query, blobs.unpack_terms)


def _unreadable(
    connection: Connection, query: Select[str, bytes], unpack: Callable[[bytes], object]
) -> Iterator[str]:
    damaged: dict[str, None] = {}
    for name, data in connection.execute(query.execution_options(yield_per=BATCH)):
        try:
            unpack(data)
        except (StoreError, ValueError, IndexError):
            damaged[name] = None
    for name in damaged:
        yield f"A part of document {name!r} is damaged."


def _check_vectors(connection: Connection) -> Iterator[str]:
    staying = select(encoders).where(encoders.c.name.not_like(f"%{vectors.LEAVING}"))
    for encoder, name in connection.execute(staying).all():
        damaged, totals = 0, dict[str, tuple[np.ndarray, int]]()
        query = (
            select(passages.c.language, vector_table.c.data)
            .join_from(vector_table, passages)
            .where(vector_table.c.encoder == encoder)
        )
        for language, data in connection.execute(query.execution_options(yield_per=BATCH)):
            try:
                vector = blobs.unpack_vectors([data])[0]
            except (StoreError, ValueError):
                damaged += 1
                continue
            total, number = totals.get(language, (np.zeros(len(vector)), 0))
            total += vector
            totals[language] = (total, number + 1)
        if damaged:
            yield f"{damaged} vectors of encoder {name} are damaged."
        elif not _agree(totals, vectors.read_sums(connection, encoder)):
            yield f"The sums of the vectors of encoder {name} do not agree with its vectors."


def _agree(totals: dict[str, tuple[np.ndarray, int]], sums: dict[str, tuple[np.ndarray, int]]) -> bool:
    return totals.keys() == sums.keys() and all(
        number == sums[language][1] and np.allclose(total, sums[language][0], rtol=1e-3, atol=1e-2)
        for language, (total, number) in totals.items()
    )


def _check_derived(connection: Connection, store: Path) -> Iterator[str]:
    epoch = read_pile(connection).epoch
    counted = select(encoders.c.name).join(language_sums).group_by(encoders.c.name)
    for name in connection.scalars(counted):
        folder = graph.folder_of(store, name)
        if graph.current_stamp(folder) is not None and graph.load(folder, epoch) is None:
            yield f"The vector graph of encoder {name} is damaged; it is not used, and will be rebuilt."
