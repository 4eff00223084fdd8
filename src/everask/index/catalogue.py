"""Documents and passages, looked up and listed, for one asker. Knows nothing of search."""

from __future__ import annotations

import functools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, and_, exists, or_, select

from everask.errors import NotFoundError
from everask.index import blobs
from everask.index.conditions import GIVEN, Groups, document_conditions, folder_uri, may_read
from everask.index.database import Database
from everask.index.schema import MAX_STATEMENTS, document_groups, documents, layouts, passages, texts
from everask.types import Document, DocumentInfo, Filters, Passage

BATCH = 500
AnyRow = Row[Any]


def list_documents(database: Database, filters: Filters, groups: Groups) -> Iterator[DocumentInfo]:
    """Documents by name, a page at a time: nothing is locked in between."""
    conditions = document_conditions(filters, groups)
    if filters.languages:
        spoken = select(passages.c.id).where(
            passages.c.document == documents.c.number, passages.c.language.in_(filters.languages)
        )
        conditions.append(or_(documents.c.language.in_(filters.languages), exists(spoken)))
    last: str | None = None
    while True:
        query = select(documents).where(*conditions)
        if last is not None:
            query = query.where(documents.c.name > last)
        with database.reading() as connection:
            rows = connection.execute(query.order_by(documents.c.name).limit(BATCH)).all()
            granted = _groups(connection, rows)
        for row in rows:
            yield _info(row, granted)
        if len(rows) < BATCH:
            return
        last = rows[-1].name


def find_document(connection: Connection, key: str, groups: Groups) -> DocumentInfo:
    """A document by id, name, URI or path. Raises NotFoundError, also when the asker may not read it."""
    readable = may_read(groups)
    keys = [documents.c.id == key, documents.c.name == key, documents.c.uri == key]
    if "://" not in key:
        keys.append(documents.c.uri == folder_uri(key))
    for condition in keys:
        rows = connection.execute(select(documents).where(condition, *readable).limit(1)).all()
        if rows:
            return _info(rows[0], _groups(connection, rows))
    raise NotFoundError(f"There is no document {key!r}.", "`everask list` shows what is there.")


def load_document(connection: Connection, document_id: str, groups: Groups) -> Document:
    """A whole document. Raises NotFoundError, also when the asker may not read it."""
    rows = connection.execute(
        select(documents, layouts.c.blocks, layouts.c.pages)
        .join(layouts, layouts.c.document == documents.c.number)
        .where(documents.c.id == document_id, *may_read(groups))
    ).all()
    if not rows:
        raise NotFoundError(f"There is no document {document_id!r}.", "`everask list` shows what is there.")
    row = rows[0]
    pieces = select(texts.c.data).where(texts.c.document == row.number).order_by(texts.c.ordinal)
    return Document(
        id=row.id,
        name=row.name,
        uri=row.uri,
        title=row.title,
        media_type=row.media_type,
        content=row.content,
        language=row.language,
        modified=row.modified,
        size=row.size,
        text="".join(blobs.unpack_text(piece) for piece in connection.scalars(pieces)),
        blocks=blobs.unpack_blocks(row.blocks),
        pages=blobs.unpack_pages(row.pages),
        groups=_groups(connection, rows).get(row.number, ()),
        warnings=tuple(json.loads(row.warnings)),
    )


def load_hits(
    connection: Connection, ids: Sequence[int], groups: Groups
) -> dict[int, tuple[Passage, DocumentInfo]]:
    """Passages with their documents; ids that are gone, or that the asker may not read, are left out."""
    rows = connection.execute(_those_of(groups), {"ids": json.dumps(list(ids))}).all()
    granted = _groups(connection, rows)
    pieces = _Pieces(connection)
    pieces.expect((row.number, row.start, row.end) for row in rows)
    return {row.passage: (_passage(row, pieces), _info(row, granted)) for row in rows}


def load_passages(connection: Connection, document_id: str, groups: Groups) -> list[Passage]:
    """All passages of a document, in order."""
    query = _passages_and_documents().where(documents.c.id == document_id, *may_read(groups))
    pieces = _Pieces(connection)
    return [_passage(row, pieces) for row in connection.execute(query.order_by(passages.c.ordinal))]


def load_numbers(connection: Connection, ids: Sequence[str]) -> list[int]:
    """The numbers of documents within this store; those that are gone are left out."""
    return list(connection.scalars(select(documents.c.number).where(documents.c.id.in_(ids))))


class PassagePlace(NamedTuple):
    """A passage's language, the number of its document and its own in it."""

    language: str
    document: int
    ordinal: int


def load_places(connection: Connection, ids: Sequence[int]) -> dict[int, PassagePlace]:
    """In which language and where passages stand."""
    # Text: every search comes here, and building a list for IN costs more than SQLite needs for it.
    columns = "p.id, p.language, p.document, p.ordinal"
    query = f"SELECT {columns} FROM json_each(?) AS wanted JOIN passages AS p ON p.id = wanted.value"
    rows = connection.exec_driver_sql(query, (json.dumps(list(ids)),)).all()
    return {id: PassagePlace(language, document, ordinal) for id, language, document, ordinal in rows}


@functools.lru_cache(MAX_STATEMENTS)
def _those_of(groups: Groups) -> Select[Any]:
    """The passages of :ids that these groups may read."""
    return _passages_and_documents().where(GIVEN, *may_read(groups))


def _passages_and_documents() -> Select[Any]:
    return select(
        documents,
        passages.c.id.label("passage"),
        passages.c.ordinal,
        passages.c.start,
        passages.c.end,
        passages.c.language.label("spoken"),
        passages.c.page,
        passages.c.kind,
        passages.c.data,
    ).join_from(passages, documents)


def _groups(connection: Connection, rows: Sequence[AnyRow]) -> dict[int, tuple[str, ...]]:
    limited = list({row.number for row in rows if row.num_groups})
    found: dict[int, list[str]] = defaultdict(list)
    for start in range(0, len(limited), BATCH):
        query = select(document_groups).where(document_groups.c.document.in_(limited[start : start + BATCH]))
        for row in connection.execute(query.order_by(document_groups.c.ordinal)):
            found[row.document].append(row.name)
    return {number: tuple(names) for number, names in found.items()}


def _info(row: AnyRow, granted: dict[int, tuple[str, ...]]) -> DocumentInfo:
    return DocumentInfo(
        id=row.id,
        name=row.name,
        uri=row.uri,
        title=row.title,
        media_type=row.media_type,
        language=row.language,
        modified=row.modified,
        size=row.size,
        num_passages=row.num_passages,
        num_pages=row.num_pages,
        groups=granted.get(row.number, ()),
        warnings=tuple(json.loads(row.warnings)),
    )


def _passage(row: AnyRow, pieces: _Pieces) -> Passage:
    terms = blobs.unpack_terms(row.data)
    return Passage(
        id=row.passage,
        document_id=row.id,
        ordinal=row.ordinal,
        start=row.start,
        end=row.end,
        text=pieces.slice(row.number, row.start, row.end),
        indexed=terms.indexed,
        language=row.spoken,
        headings=terms.headings,
        page=row.page,
        kind=row.kind,
    )


class _Pieces:
    """Slices of documents' texts; the last piece read is kept, since neighbours share it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._place = (-1, -1)
        self._text = ""
        self._expected: dict[tuple[int, int], bytes] = {}

    def expect(self, slices: Iterable[tuple[int, int, int]]) -> None:
        """Read at once what slices (document, start, end) need."""
        places = {(number, ordinal) for number, start, end in slices for ordinal in _ordinals(start, end)}
        query = (
            "SELECT t.document, t.ordinal, t.data FROM json_each(?) AS place JOIN texts AS t"
            " ON t.document = json_extract(place.value, '$[0]')"
            " AND t.ordinal = json_extract(place.value, '$[1]')"
        )
        rows = self._connection.exec_driver_sql(query, (json.dumps(sorted(places)),)).all()
        self._expected = {(document, ordinal): data for document, ordinal, data in rows}

    def slice(self, document: int, start: int, end: int) -> str:
        places = _ordinals(start, end)
        text = "".join(self._piece(document, ordinal) for ordinal in places)
        return text[start - places[0] * blobs.PIECE : end - places[0] * blobs.PIECE]

    def _piece(self, document: int, ordinal: int) -> str:
        if self._place != (document, ordinal):
            data = self._expected.get((document, ordinal))
            if data is None:
                here = and_(texts.c.document == document, texts.c.ordinal == ordinal)
                data = self._connection.scalar(select(texts.c.data).where(here))
            self._place, self._text = (document, ordinal), blobs.unpack_text(data) if data else ""
        return self._text


def _ordinals(start: int, end: int) -> range:
    """The pieces that a span of a text lies in."""
    return range(start // blobs.PIECE, max(start, end - 1) // blobs.PIECE + 1)
