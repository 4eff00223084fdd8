"""Vectors as the store keeps them: which passages wait for one, their bytes, the sums by language.

Raw (not centred) unit vectors, by encoder; vectors of different encoders are never mixed. Everything
here runs inside the caller's transaction. Searching them is `dense.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, func, insert, literal, select, update

from everask.index.blobs import pack_vectors, unpack_terms, unpack_vectors
from everask.index.schema import encoders, language_sums, passages, shipped_means, vectors, waiting

BATCH = 500
PASSAGES_A_TURN = 8
"""The first eight passages of every document are encoded before the next eight of any."""

Vectors = NDArray[np.float32]
Means = dict[str, Vectors]


def find_encoder(connection: Connection, name: str) -> int | None:
    """The number of an encoder that this store knows."""
    return connection.scalar(select(encoders.c.id).where(encoders.c.name == name))


def register_encoder(connection: Connection, name: str) -> int:
    """Make an encoder known: every passage then waits for its vector."""
    known = find_encoder(connection, name)
    if known is not None:
        return known
    row = connection.execute(insert(encoders).values(name=name)).inserted_primary_key
    assert row is not None
    encoder = int(row[0])
    turn = passages.c.ordinal // PASSAGES_A_TURN
    everything = select(literal(encoder), turn, passages.c.id)
    connection.execute(insert(waiting).from_select(["encoder", "turn", "passage"], everything))
    return encoder


def enqueue(connection: Connection, new: Sequence[tuple[int, int]]) -> None:
    """New passages (id, ordinal) wait for a vector of every known encoder."""
    for encoder in connection.scalars(select(encoders.c.id)).all():
        rows = [
            {"encoder": encoder, "turn": ordinal // PASSAGES_A_TURN, "passage": passage}
            for passage, ordinal in new
        ]
        connection.execute(insert(waiting), rows)


def list_waiting(connection: Connection, encoder: int, limit: int) -> list[tuple[int, str, str]]:
    """Passages to encode: id, heading path and text, language."""
    rows = connection.execute(
        select(passages.c.id, passages.c.data, passages.c.language)
        .join_from(waiting, passages)
        .where(waiting.c.encoder == encoder)
        .order_by(waiting.c.turn, waiting.c.passage)
        .limit(limit)
    )
    return [(row.id, encoded_text(row.data), row.language) for row in rows]


def encoded_text(data: bytes) -> str:
    """What is encoded of a passage: its heading path, then its cleaned text."""
    terms = unpack_terms(data)
    path = " > ".join(terms.headings)
    return f"{path}: {terms.indexed}" if path else terms.indexed


def count_waiting(connection: Connection, encoder: int) -> int:
    """How many passages wait for a vector."""
    query = select(func.count()).select_from(waiting).where(waiting.c.encoder == encoder)
    return int(connection.scalar(query) or 0)


def write(connection: Connection, encoder: int, new: Mapping[int, Vectors]) -> None:
    """Store the vectors of passages, in place of earlier ones; passages that are gone are left out."""
    for ids in _batches(list(new)):
        languages = _languages(connection, ids)
        forget(connection, languages, encoder)
        found = list(languages)
        if not found:
            continue
        blobs = pack_vectors(np.stack([new[passage] for passage in found]))
        rows = [
            {"passage": passage, "encoder": encoder, "data": data}
            for passage, data in zip(found, blobs, strict=True)
        ]
        connection.execute(insert(vectors), rows)
        connection.execute(delete(waiting).where(waiting.c.passage.in_(found), waiting.c.encoder == encoder))
        # The sums are of what is stored, rounded as it is: so they can be taken apart again.
        _add(connection, encoder, languages, dict(zip(found, unpack_vectors(blobs), strict=True)), 1)


def forget(connection: Connection, languages: Mapping[int, str], encoder: int | None = None) -> None:
    """Remove the vectors of passages (by id, with their language), of one encoder or of all."""
    query = select(vectors).where(vectors.c.passage.in_(languages))
    if encoder is not None:
        query = query.where(vectors.c.encoder == encoder)
    found: dict[int, list[tuple[int, int, bytes]]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.encoder].append((row.sequence, row.passage, row.data))
    for owner, rows in found.items():
        stored = unpack_vectors([data for _, _, data in rows])
        by_passage = dict(zip((passage for _, passage, _ in rows), stored, strict=True))
        _add(connection, owner, languages, by_passage, -1)
        connection.execute(delete(vectors).where(vectors.c.sequence.in_([row[0] for row in rows])))


def forget_encoder(connection: Connection, encoder: int) -> None:
    """Remove an encoder with all of its vectors."""
    for table in (vectors, waiting, language_sums, shipped_means):
        connection.execute(delete(table).where(table.c.encoder == encoder))
    connection.execute(delete(encoders).where(encoders.c.id == encoder))


def read(connection: Connection, encoder: int, ids: Sequence[int]) -> tuple[list[int], list[str], Vectors]:
    """Of those passages that have one: ids, languages, raw vectors (n, d)."""
    found: list[tuple[int, str, bytes]] = []
    for batch in _batches(ids):
        query = (
            select(vectors.c.passage, passages.c.language, vectors.c.data)
            .join_from(vectors, passages)
            .where(vectors.c.passage.in_(batch), vectors.c.encoder == encoder)
        )
        found += [(row.passage, row.language, row.data) for row in connection.execute(query)]
    return (
        [passage for passage, _, _ in found],
        [language for _, language, _ in found],
        unpack_vectors([data for _, _, data in found]),
    )


def read_after(
    connection: Connection, encoder: int, sequence: int, limit: int
) -> tuple[int, list[int], list[str], Vectors]:
    """The next vectors in order of writing: last sequence, ids, languages, raw vectors (n, d)."""
    rows = connection.execute(
        select(vectors.c.sequence, vectors.c.passage, passages.c.language, vectors.c.data)
        .join_from(vectors, passages)
        .where(vectors.c.encoder == encoder, vectors.c.sequence > sequence)
        .order_by(vectors.c.sequence)
        .limit(limit)
    ).all()
    return (
        rows[-1].sequence if rows else sequence,
        [row.passage for row in rows],
        [row.language for row in rows],
        unpack_vectors([row.data for row in rows]),
    )


def read_sums(connection: Connection, encoder: int) -> dict[str, tuple[NDArray[np.float64], int]]:
    """The sum and number of the vectors of each language."""
    query = select(language_sums.c.language, language_sums.c.total, language_sums.c["count"])
    rows = connection.execute(query.where(language_sums.c.encoder == encoder)).all()
    return {
        language: (np.frombuffer(total, np.float64), number) for language, total, number in rows if number
    }


def count(connection: Connection, encoder: int) -> int:
    """How many passages have a vector."""
    query = select(func.sum(language_sums.c.count)).where(language_sums.c.encoder == encoder)
    return int(connection.scalar(query) or 0)


def count_after(connection: Connection, encoder: int, sequence: int) -> int:
    """How many vectors were written after one."""
    here = (vectors.c.encoder == encoder) & (vectors.c.sequence > sequence)
    return int(connection.scalar(select(func.count()).select_from(vectors).where(here)) or 0)


def read_shipped(connection: Connection, encoder: int) -> Means:
    """The means that came with the encoder."""
    rows = connection.execute(select(shipped_means).where(shipped_means.c.encoder == encoder))
    return {row.language: np.frombuffer(row.mean, np.float32) for row in rows}


def write_shipped(connection: Connection, encoder: int, means: Mapping[str, Vectors]) -> None:
    """Keep the means that come with the encoder, for every process that opens the store."""
    known = read_shipped(connection, encoder)
    if known.keys() == means.keys() and all(np.array_equal(known[one], means[one]) for one in known):
        return
    connection.execute(delete(shipped_means).where(shipped_means.c.encoder == encoder))
    rows = [
        {"encoder": encoder, "language": language, "mean": mean.astype(np.float32).tobytes()}
        for language, mean in means.items()
    ]
    if rows:
        connection.execute(insert(shipped_means), rows)


def _add(
    connection: Connection,
    encoder: int,
    languages: Mapping[int, str],
    changed: Mapping[int, Vectors],
    sign: int,
) -> None:
    """Add vectors to the sums of their languages, or with sign -1 take them out."""
    totals = read_sums(connection, encoder)
    by_language: dict[str, list[Vectors]] = defaultdict(list)
    for passage, vector in changed.items():
        by_language[languages[passage]].append(vector)
    for language, rows in by_language.items():
        change = np.sum(rows, axis=0, dtype=np.float64) * sign
        before, number = totals.get(language, (np.zeros_like(change), 0))
        values = {"count": number + sign * len(rows), "total": (before + change).tobytes()}
        here = (language_sums.c.encoder == encoder) & (language_sums.c.language == language)
        if connection.execute(update(language_sums).where(here).values(values)).rowcount == 0:
            connection.execute(insert(language_sums).values(encoder=encoder, language=language, **values))


def _languages(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    query = select(passages.c.id, passages.c.language).where(passages.c.id.in_(ids))
    return {row.id: row.language for row in connection.execute(query)}


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
