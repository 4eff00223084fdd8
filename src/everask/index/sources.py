"""Sources and all that was read from them, replaced or removed in one transaction each.

A passage whose indexed text did not change keeps its id, and with it its lexical row and vectors.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, delete, func, insert, select, update

from everask.errors import StoreError
from everask.index import lexical, vectors
from everask.index.asks import forget_documents
from everask.index.blobs import storable, unpack_terms
from everask.index.conditions import below
from everask.index.database import Database
from everask.index.granting import groups_of_place
from everask.index.impressions import forget_lists
from everask.index.learned import follow_documents
from everask.index.removals import note_removal
from everask.index.schema import (
    document_groups,
    documents,
    layouts,
    passages,
    sources,
    state,
    texts,
)
from everask.index.spool import DocumentRecord, PassageRecord, Spool
from everask.index.topics import forget_topics_of
from everask.types import Source, SourceStatus

BATCH = 500
_HIDDEN = "\x01"  # before the id and name of documents that are about to be replaced
_PLACE = ("document", "ordinal", "start", "end", "page", "kind")
_HIGHEST = "SELECT seq FROM sqlite_sequence WHERE name = 'passages'"
Reusable = dict[bytes, list[int]]


def find_source(connection: Connection, uri: str) -> Source | None:
    """The source of this address."""
    row = connection.execute(select(sources).where(sources.c.uri == uri)).first()
    return _source(row) if row else None


def list_sources(database: Database, status: SourceStatus | None, place: str | None) -> Iterator[Source]:
    """Sources by address, a page at a time: nothing is locked in between. `place`: it and what is in it."""
    last = ""
    while True:
        query = select(sources).where(sources.c.uri > last).order_by(sources.c.uri).limit(BATCH)
        if status is not None:
            query = query.where(sources.c.status == status)
        if place is not None:
            query = query.where(below(sources.c.uri, place))
        with database.reading() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            yield _source(row)
        if len(rows) < BATCH:
            return
        last = rows[-1].uri


def list_roots(connection: Connection) -> list[str]:
    """The folders (or single files and pages) that sources were added from."""
    return list(connection.scalars(select(sources.c.root).distinct().order_by(sources.c.root)))


def replace_source(connection: Connection, source: Source, spool: Spool) -> None:
    """Put what the spool holds in place of all that this source had."""
    source_id, last_old = _upsert(connection, source)
    old = and_(documents.c.source_id == source_id, documents.c.number <= last_old)
    before = _ids_by_place(connection, old) if last_old else {}
    reusable = _hide_old(connection, old) if last_old else {}
    count = 0
    for document, records in spool.documents():
        number = _insert_document(connection, document, source_id, last_old)
        if number is not None:
            _insert_passages(connection, number, records, reusable)
            count += 1
    connection.execute(update(sources).where(sources.c.id == source_id).values(num_documents=count))
    if last_old:
        _delete_documents(connection, old)
        now = _ids_by_place(connection, documents.c.source_id == source_id)
        gone = {uri: one for uri, one in before.items() if one not in now.values()}
        forget_documents(connection, list(gone.values()))
        follow_documents(connection, list(gone.values()), sorted({*now.values()} - {*before.values()}))
        forget_topics_of(connection, list(gone.values()), {gone[uri]: now[uri] for uri in gone if uri in now})
    _note_change(connection)


def delete_sources(connection: Connection, uris: Sequence[str]) -> int:
    """Remove sources with all that they had."""
    removed = 0
    for uri in uris:
        source_id = connection.scalar(select(sources.c.id).where(sources.c.uri == uri))
        if source_id is not None:
            here = select(documents.c.id).where(documents.c.source_id == source_id)
            gone = list(connection.scalars(here))
            forget_documents(connection, gone, with_events=True)
            forget_topics_of(connection, gone, {})
            forget_lists(connection, documents.c.source_id == source_id)
            _delete_documents(connection, documents.c.source_id == source_id)
            connection.execute(delete(sources).where(sources.c.id == source_id))
            removed += 1
    if removed:
        note_removal(connection)
        _note_change(connection)
    return removed


def _ids_by_place(connection: Connection, which: ColumnElement[bool]) -> dict[str, str]:
    return {
        row.uri: row.id for row in connection.execute(select(documents.c.uri, documents.c.id).where(which))
    }


def uris_below(connection: Connection, prefix: str) -> list[str]:
    """The addresses of the sources in a folder."""
    return list(connection.scalars(select(sources.c.uri).where(below(sources.c.uri, prefix))))


def _source(row: Row[tuple[object, ...]]) -> Source:
    return Source(
        uri=row.uri,
        root=row.root,
        stamp=(row.size, row.mtime_ns, row.inode),
        content=row.content,
        status=row.status,
        message=row.message,
        num_documents=row.num_documents,
        indexed_at=row.indexed_at,
    )


def _upsert(connection: Connection, source: Source) -> tuple[int, int]:
    """The source's id, and the highest number of a document that it has so far."""
    values = {
        "uri": source.uri,
        "root": source.root,
        "size": source.stamp[0],
        "mtime_ns": source.stamp[1],
        "inode": source.stamp[2],
        "content": source.content,
        "status": source.status,
        "message": storable(source.message),
        "num_documents": source.num_documents,
        "indexed_at": source.indexed_at,
    }
    found = connection.scalar(select(sources.c.id).where(sources.c.uri == source.uri))
    if found is None:
        return _key(connection.execute(insert(sources).values(values)).inserted_primary_key), 0
    connection.execute(update(sources).where(sources.c.id == found).values(values))
    last = connection.scalar(select(func.max(documents.c.number)).where(documents.c.source_id == found))
    return int(found), int(last or 0)


def _key(row: Row[tuple[object, ...]] | None) -> int:
    assert row is not None
    return int(str(row[0]))


def _hide_old(connection: Connection, old: ColumnElement[bool]) -> Reusable:
    """Free the ids and names of the old documents; return their passages by fingerprint."""
    connection.execute(
        update(documents).where(old).values(id=_HIDDEN + documents.c.id, name=_HIDDEN + documents.c.name)
    )
    reusable: Reusable = defaultdict(list)
    query = select(passages.c.fingerprint, passages.c.id).join(documents).where(old)
    for fingerprint, passage in connection.execute(query.order_by(passages.c.id.desc())):
        reusable[fingerprint].append(passage)
    return reusable


def _insert_document(
    connection: Connection, record: DocumentRecord, source_id: int, last_old: int
) -> int | None:
    """Write a document without its passages; None when the source gave it twice."""
    holder = connection.execute(
        select(documents.c.source_id, documents.c.uri).where(documents.c.id == record.columns["id"])
    ).first()
    if holder is not None and holder.source_id == source_id:
        return None
    if holder is not None:
        raise StoreError(f"{record.columns['uri']} is already in the pile.", "Remove the other source first.")
    granted = record.groups or groups_of_place(connection, str(record.columns["uri"]))
    values = {
        **record.columns,
        "name": _free_name(connection, record, source_id, last_old),
        "source_id": source_id,
        "num_passages": record.num_passages,
        "num_pages": record.num_pages,
        "num_groups": len(granted),
        "warnings": json.dumps(record.warnings),
    }
    number = _key(connection.execute(insert(documents).values(values)).inserted_primary_key)
    pieces = [{"document": number, "ordinal": at, "data": piece} for at, piece in enumerate(record.pieces)]
    if pieces:
        connection.execute(insert(texts), pieces)
    connection.execute(insert(layouts).values(document=number, blocks=record.blocks, pages=record.pages))
    groups = [{"document": number, "ordinal": at, "name": name} for at, name in enumerate(granted)]
    if groups:
        connection.execute(insert(document_groups), groups)
    return number


def _free_name(connection: Connection, record: DocumentRecord, source_id: int, last_old: int) -> str:
    """The document's name; one that was taken gets its ending, then a number. A place keeps its name."""
    name, uri = str(record.columns["name"]), str(record.columns["uri"])
    earlier = None
    if last_old:
        here = (documents.c.source_id == source_id) & (documents.c.number <= last_old)
        query = select(func.substr(documents.c.name, 2)).where(documents.c.uri == uri, here)
        earlier = connection.scalar(query)
    ending = PurePosixPath(urlsplit(uri).path).suffix
    fallbacks = [name, *([name + ending] if ending and "#" not in uri else [])]
    if earlier and (earlier in fallbacks or earlier.startswith(f"{name} (")):
        fallbacks.insert(0, earlier)
    for fallback in fallbacks:
        if not _is_taken(connection, fallback):
            return fallback
    number = 2
    while _is_taken(connection, f"{name} ({number})"):
        number += 1
    return f"{name} ({number})"


def _is_taken(connection: Connection, name: str) -> bool:
    return connection.scalar(select(documents.c.number).where(documents.c.name == name)) is not None


def _insert_passages(
    connection: Connection, document: int, records: Sequence[PassageRecord], reusable: Reusable
) -> None:
    kept: list[dict[str, object]] = []
    fresh: list[PassageRecord] = []
    for record in records:
        same = reusable.get(record.fingerprint)
        if same:
            kept.append(_place(document, record) | {"passage": same.pop()})
        else:
            fresh.append(record)
    if kept:
        moved = update(passages).where(passages.c.id == bindparam("passage"))
        connection.execute(moved.values({name: bindparam(name) for name in _PLACE}), kept)
    if fresh:
        _insert_fresh(connection, document, fresh)


def _place(document: int, record: PassageRecord) -> dict[str, object]:
    return {"document": document} | {one: getattr(record, one) for one in _PLACE[1:]}


def _insert_fresh(connection: Connection, document: int, records: Sequence[PassageRecord]) -> None:
    # Nobody else writes meanwhile, so the ids follow on the highest that there ever was.
    last = int(connection.exec_driver_sql(_HIGHEST).scalar() or 0)
    rows = [
        _place(document, one)
        | {"id": id, "language": one.language, "fingerprint": one.fingerprint, "data": one.data}
        for id, one in enumerate(records, last + 1)
    ]
    connection.execute(insert(passages), rows)
    entries = [(id, one.body_tokens, one.heading_tokens) for id, one in enumerate(records, last + 1)]
    lexical.insert(connection, entries)
    _count(connection, len(entries), sum(map(_num_tokens, entries)))
    vectors.enqueue(connection, [(id, one.ordinal) for id, one in enumerate(records, last + 1)])


def _delete_documents(connection: Connection, condition: ColumnElement[bool]) -> None:
    """Delete documents and their passages, a batch at a time."""
    some = select(passages.c.id, passages.c.language, passages.c.data).join(documents).where(condition)
    while rows := connection.execute(some.limit(BATCH)).all():
        terms = [(row.id, unpack_terms(row.data)) for row in rows]
        entries = [(passage, one.body_tokens, one.heading_tokens) for passage, one in terms]
        lexical.delete(connection, entries)
        vectors.forget(connection, {row.id: row.language for row in rows})
        connection.execute(delete(passages).where(passages.c.id.in_([row.id for row in rows])))
        _count(connection, -len(entries), -sum(map(_num_tokens, entries)))
    connection.execute(delete(documents).where(condition))


def _num_tokens(entry: tuple[int, str, str]) -> int:
    return lexical.count_tokens(entry[1]) + lexical.count_tokens(entry[2])


def _count(connection: Connection, num_passages: int, num_tokens: int) -> None:
    values = {"passages": state.c.passages + num_passages, "tokens": state.c.tokens + num_tokens}
    connection.execute(update(state).values(values))


def _note_change(connection: Connection) -> None:
    connection.execute(update(state).values(changes=state.c.changes + 1))
