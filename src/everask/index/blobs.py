"""What the store packs into binary columns: text in pieces, layout, passages' words, vectors.

zlib carries a checksum of its own, vectors get one, so that a flipped bit is noticed when it is read.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from everask.errors import StoreError
from everask.types import Block, BlockKind, Page, PageSource, Word

PIECE = 8192
"""Characters of a document's text in one compressed piece."""

_KINDS: tuple[BlockKind, ...] = get_args(BlockKind)
_SOURCES: tuple[PageSource, ...] = get_args(PageSource)
_LENGTHS = struct.Struct("<4I")
_POINT = 100  # boxes are kept to a hundredth of a point


def storable(text: str) -> str:
    """Text that any database takes: without NUL and halves of surrogate pairs."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def unpack(data: bytes) -> bytes:
    """Decompress. Raises StoreError when the bytes were damaged."""
    try:
        return zlib.decompress(data)
    except zlib.error as error:
        raise StoreError(
            "A part of the store is damaged.", "Restore a backup, or add the folders again."
        ) from error


def pack_text(text: str) -> list[bytes]:
    """A document's text in compressed pieces of `PIECE` characters."""
    return [
        zlib.compress(text[start : start + PIECE].encode("utf-8", "surrogatepass"), 6)
        for start in range(0, len(text), PIECE)
    ]


def unpack_text(data: bytes) -> str:
    """One piece."""
    return unpack(data).decode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Terms:
    """What was indexed of a passage: its cleaned text, heading path, and the tokens of both."""

    indexed: str
    headings: tuple[str, ...]
    body_tokens: str
    heading_tokens: str


def pack_terms(terms: Terms) -> bytes:
    """Compress; text and tokens repeat each other, so together they cost little more than one."""
    path = json.dumps(terms.headings, ensure_ascii=False)
    fields = (terms.indexed, path, terms.body_tokens, terms.heading_tokens)
    parts = [field.encode("utf-8", "surrogatepass") for field in fields]
    return zlib.compress(_LENGTHS.pack(*map(len, parts)) + b"".join(parts), 6)


def unpack_terms(data: bytes) -> Terms:
    """The inverse of `pack_terms`."""
    indexed, headings, body, heading = (part.decode("utf-8", "surrogatepass") for part in _parts(data))
    return Terms(indexed, tuple(json.loads(headings)), body, heading)


def unpack_tokens(data: bytes) -> tuple[bytes, bytes]:
    """The tokens alone, as UTF-8."""
    whole = unpack(data)
    text, path, body, _ = _LENGTHS.unpack_from(whole)
    start = _LENGTHS.size + text + path
    return whole[start : start + body], whole[start + body :]


def _parts(data: bytes) -> list[bytes]:
    whole = memoryview(unpack(data))
    parts, at = [], _LENGTHS.size
    for length in _LENGTHS.unpack_from(whole):
        parts.append(bytes(whole[at : at + length]))
        at += length
    return parts


def _pack_columns(rows: Sequence[Sequence[int]], width: int) -> bytes:
    """Integers by column, as differences from the row above: neighbours are alike."""
    table = np.asarray(rows, dtype=np.int64).reshape(-1, width).T
    return zlib.compress(np.diff(table, axis=1, prepend=0).astype("<i4").tobytes(), 6)


def _unpack_columns(data: bytes, width: int) -> list[list[int]]:
    table = np.frombuffer(unpack(data), dtype="<i4").reshape(width, -1).astype(np.int64)
    rows: list[list[int]] = np.cumsum(table, axis=1).T.tolist()
    return rows


def pack_blocks(blocks: Iterable[Block]) -> bytes:
    """Blocks of a document."""
    rows = [
        (
            _KINDS.index(block.kind),
            block.start,
            block.end,
            block.level,
            -1 if block.page is None else block.page,
            *(block.header or (-1, -1)),
        )
        for block in blocks
    ]
    return _pack_columns(rows, 7)


def unpack_blocks(data: bytes) -> tuple[Block, ...]:
    """The inverse of `pack_blocks`."""
    return tuple(
        Block(
            _KINDS[kind],
            start,
            end,
            level,
            None if page < 0 else page,
            None if header_start < 0 else (header_start, header_end),
        )
        for kind, start, end, level, page, header_start, header_end in _unpack_columns(data, 7)
    )


def pack_pages(pages: Sequence[Page]) -> bytes:
    """Pages with their words: two tables, the first preceded by its length."""
    heads = [
        (
            page.number,
            page.start,
            page.end,
            _hundredths(page.width),
            _hundredths(page.height),
            _SOURCES.index(page.source),
            len(page.words),
        )
        for page in pages
    ]
    words = [
        (
            word.start,
            word.end - word.start,
            *(_hundredths(side) for side in (word.left, word.top, word.right, word.bottom)),
        )
        for page in pages
        for word in page.words
    ]
    head = _pack_columns(heads, 7)
    return len(head).to_bytes(4, "little") + head + _pack_columns(words, 6)


def unpack_pages(data: bytes) -> tuple[Page, ...]:
    """The inverse of `pack_pages`; sizes and boxes are rounded to a hundredth of a point."""
    split = 4 + int.from_bytes(data[:4], "little")
    words = iter(_unpack_columns(data[split:], 6))
    pages = []
    for number, start, end, width, height, source, count in _unpack_columns(data[4:split], 7):
        found = tuple(_word(next(words)) for _ in range(count))
        pages.append(Page(number, start, end, width / _POINT, height / _POINT, _SOURCES[source], found))
    return tuple(pages)


def _hundredths(points: float) -> int:
    # A broken file may say anything: what is no place on a page becomes its edge.
    return round(min(max(points, -1e6), 1e6) * _POINT) if points == points else 0


def _word(row: Sequence[int]) -> Word:
    start, length, left, top, right, bottom = row
    return Word(start, start + length, left / _POINT, top / _POINT, right / _POINT, bottom / _POINT)


def pack_vectors(vectors: NDArray[np.float32]) -> list[bytes]:
    """Rows as int8 with one float32 scale each, and a checksum of both."""
    scales = np.maximum(np.abs(vectors).max(axis=1), 1e-12).astype(np.float32) / np.float32(127)
    codes = np.rint(vectors / scales[:, None]).astype(np.int8)
    bodies = [scale.tobytes() + code.tobytes() for scale, code in zip(scales, codes, strict=True)]
    return [body + zlib.crc32(body).to_bytes(4, "little") for body in bodies]


def unpack_vectors(blobs: Sequence[bytes]) -> NDArray[np.float32]:
    """(n, d) float32. Raises StoreError when a row was damaged."""
    if not blobs:
        return np.zeros((0, 0), np.float32)
    rows = np.frombuffer(b"".join(blobs), np.uint8).reshape(len(blobs), -1)
    checksums = np.ascontiguousarray(rows[:, -4:]).view("<u4")[:, 0]
    if any(zlib.crc32(blob[:-4]) != int(want) for blob, want in zip(blobs, checksums, strict=True)):
        raise StoreError("A vector in the store is damaged.", "Run `everask doctor`.")
    scales = np.ascontiguousarray(rows[:, :4]).view("<f4")
    vectors: NDArray[np.float32] = rows[:, 4:-4].view(np.int8).astype(np.float32) * scales
    return vectors
