"""From a worker's plain records to `Document`s, every field checked: the worker may have been taken over."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast, get_args

from everask.documents.names import escape, member_uri, without_ending
from everask.errors import UnreadableError
from everask.text import language_of
from everask.types import Block, BlockKind, Document, Page, PageSource, Word

_BLOCK_KINDS = frozenset(get_args(BlockKind))
_PAGE_SOURCES = frozenset(get_args(PageSource))
BROKEN = "the process that read it gave a broken answer"
_SAMPLE_CHARS = 3_000
_EARLIEST, _LATEST = -2e10, 2e10
T = TypeVar("T", int, str, float)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a file came from: what its documents are named after."""

    uri: str
    name: str
    modified: float


def build_document(record: Mapping[str, Any], origin: Origin) -> Document:
    """Make a document from a record.

    Raises:
        UnreadableError: the record is not what an honest worker sends.
    """
    try:
        return _build(record, origin)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise UnreadableError(BROKEN, "The file is unsafe; leave it out.") from error


def _build(record: Mapping[str, Any], origin: Origin) -> Document:
    text, path, content = (_typed(record[key], str) for key in ("text", "path", "content"))
    text.encode()  # halves of surrogate pairs, which no store takes, raise ValueError
    uri = member_uri(origin.uri, path)
    name = origin.name + (f"#{without_ending(escape(path))}" if path else "")
    title = _typed(record["title"], str) or name.rpartition("/")[2].rpartition("#")[2]
    return Document(
        id=hashlib.sha256(f"{uri}\0{content}".encode()).hexdigest()[:32],
        name=name,
        uri=uri,
        title=escape(title),
        media_type=_typed(record["media_type"], str),
        content=content,
        language=_language(text),
        modified=_modified(record["modified"], origin.modified),
        size=_typed(record["size"], int),
        text=text,
        blocks=tuple(_block(row, len(text)) for row in record["blocks"]),
        pages=tuple(_page(row, len(text)) for row in record["pages"]),
        warnings=tuple(escape(_typed(line, str)) for line in record["warnings"]),
    )


def _block(row: Sequence[Any], length: int) -> Block:
    kind, start, end, level, page, header = row
    if kind not in _BLOCK_KINDS:
        raise ValueError(kind)
    _check_span(start, end, length)
    if header is not None:
        _check_span(header[0], header[1], length)
        header = (header[0], header[1])
    return Block(
        cast(BlockKind, kind),
        start,
        end,
        _typed(level, int),
        None if page is None else _typed(page, int),
        header,
    )


def _page(row: Sequence[Any], length: int) -> Page:
    number, start, end, width, height, source, words = row
    if source not in _PAGE_SOURCES:
        raise ValueError(source)
    _check_span(start, end, length)
    return Page(
        _typed(number, int),
        start,
        end,
        float(width),
        float(height),
        cast(PageSource, source),
        tuple(_word(word, length) for word in words),
    )


def _word(row: Sequence[Any], length: int) -> Word:
    start, end, left, top, right, bottom = row
    _check_span(start, end, length)
    return Word(start, end, float(left), float(top), float(right), float(bottom))


def _check_span(start: Any, end: Any, length: int) -> None:
    if type(start) is not int or type(end) is not int or not 0 <= start <= end <= length:
        raise ValueError((start, end))


def _typed(value: Any, kind: type[T]) -> T:
    if type(value) is not kind:
        raise TypeError(value)
    return value


def _modified(value: Any, default: float) -> float:
    """A document's own date, where it has one that a calendar can hold."""
    if value is None or not math.isfinite(value) or not _EARLIEST < value < _LATEST:
        return default
    return float(value)


def _language(text: str) -> str:
    """The language at the beginning, or in the middle where the beginning does not tell."""
    found = language_of(text[:_SAMPLE_CHARS])
    if found == "und" and len(text) > _SAMPLE_CHARS:
        middle = len(text) // 2
        return language_of(text[middle : middle + _SAMPLE_CHARS])
    return found
