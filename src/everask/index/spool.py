"""What a source gives, analysed and packed, kept beside the store until it can be written in one go.

Reading and analysing may take minutes; the write lock is then held only for the writing, and a
mailbox of any size costs a bounded amount of memory.
"""

from __future__ import annotations

import hashlib
import marshal
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any

from everask.index import blobs
from everask.index.blobs import storable
from everask.index.lexical import join
from everask.text import analyse
from everask.types import Document, Passage, Source

IN_MEMORY = 4 << 20
_FIELDS = ("id", "name", "uri", "title", "media_type", "content", "language", "modified", "size")


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document as it will be written."""

    columns: dict[str, str | float | int]
    groups: tuple[str, ...]
    warnings: tuple[str, ...]
    num_passages: int
    num_pages: int
    pieces: tuple[bytes, ...]
    blocks: bytes
    pages: bytes


@dataclass(frozen=True, slots=True)
class PassageRecord:
    """A passage as it will be written. `fingerprint` covers all that is indexed of it."""

    ordinal: int
    start: int
    end: int
    language: str
    page: int | None
    kind: str
    fingerprint: bytes
    data: bytes
    body_tokens: str
    heading_tokens: str


class Spool:
    """Documents and their passages in the order given, in memory or, when they are many, on disk."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, dir=str(folder))  # noqa: SIM115

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Throw it away."""
        self._file.close()

    def fill(self, documents: Iterable[tuple[Document, Sequence[Passage]]]) -> None:
        """Analyse and pack everything."""
        for document, passages in documents:
            self._dump(_values(_document_record(document, len(passages))))
            for passage in passages:
                self._dump(_values(_passage_record(passage, document.title)))

    def documents(self) -> Iterator[tuple[DocumentRecord, list[PassageRecord]]]:
        """What was put in, document by document."""
        self._file.seek(0)
        while True:
            try:
                document = DocumentRecord(*marshal.load(self._file))
            except EOFError:
                return
            passages = [PassageRecord(*marshal.load(self._file)) for _ in range(document.num_passages)]
            yield document, passages

    def _dump(self, record: tuple[Any, ...]) -> None:
        marshal.dump(record, self._file)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A source and all that was read from it, ready to be written."""

    source: Source
    spool: Spool

    def __enter__(self) -> Prepared:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.spool.close()


def _values(record: DocumentRecord | PassageRecord) -> tuple[Any, ...]:
    return tuple(getattr(record, field.name) for field in fields(record))


def _document_record(document: Document, num_passages: int) -> DocumentRecord:
    columns = {name: getattr(document, name) for name in _FIELDS}
    return DocumentRecord(
        columns={
            name: storable(value) if isinstance(value, str) else value for name, value in columns.items()
        },
        groups=tuple(dict.fromkeys(map(storable, document.groups))),
        warnings=document.warnings,
        num_passages=num_passages,
        num_pages=len(document.pages),
        pieces=tuple(blobs.pack_text(document.text)),
        blocks=blobs.pack_blocks(document.blocks),
        pages=blobs.pack_pages(document.pages),
    )


def make_terms(indexed: str, headings: tuple[str, ...], title: str, language: str) -> blobs.Terms:
    """What is indexed of a passage; its document's title counts as the first heading."""
    path = headings if title in headings else (title, *headings)
    return blobs.Terms(
        indexed=indexed,
        headings=headings,
        body_tokens=join(analyse(indexed, language)),
        heading_tokens=join(analyse(" \n".join(path), language)),
    )


def fingerprint(terms: blobs.Terms, language: str) -> bytes:
    """The same for passages of which the same is indexed."""
    whole = "\0".join((language, repr(terms)))
    return hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _passage_record(passage: Passage, title: str) -> PassageRecord:
    terms = make_terms(passage.indexed, passage.headings, title, passage.language)
    return PassageRecord(
        ordinal=passage.ordinal,
        start=passage.start,
        end=passage.end,
        language=passage.language,
        page=passage.page,
        kind=passage.kind,
        fingerprint=fingerprint(terms, passage.language),
        data=blobs.pack_terms(terms),
        body_tokens=terms.body_tokens,
        heading_tokens=terms.heading_tokens,
    )
