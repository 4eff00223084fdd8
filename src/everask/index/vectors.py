"""Vectors as the store keeps them: which passages wait for one, their bytes, the sums by language.

Raw (not centred) vectors, by encoder; vectors of different encoders are never mixed. An encoder may have
a companion, named ENCODER#static-VERSION, whose rough vectors stand in until a passage has its full one:
a passage has one or the other. Everything here runs inside the caller's transaction. Searching them is
`dense.py` and `tiers.py`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, func, insert, literal, select, update

from everask.encoder.static import MARK
from everask.index.blobs import pack_vectors, unpack_terms, unpack_vectors
from everask.index.schema import encoders, language_sums, passages, shipped_means, vectors, waiting

BATCH = 500
LEAVING = "#leaving"
"""Ends the name of an encoder whose vectors are being removed: nobody finds it any more."""
PASSAGES_A_TURN = 8
"""The first eight passages of every document are encoded before the next eight of any."""

Vectors = NDArray[np.float32]
Means = dict[str, Vectors]


def find_encoder(connection: Connection, name: str) -> int | None:
    """The number of an encoder that this store knows."""
    # Text here and in `read` and `read_after`: every search comes by, and building statements costs more than
    # SQLite needs for them.
    found: int | None = connection.exec_driver_sql("SELECT id FROM encoders WHERE name = ?", (name,)).scalar()
    return found


def list_encoders(connection: Connection) -> list[str]:
    """The names of all encoders but those that are leaving, the oldest first."""
    names = select(encoders.c.name).where(encoders.c.name.not_like(f"%{LEAVING}"))
    return list(connection.scalars(names.order_by(encoders.c.id)))


def find_rough(connection: Connection, name: str) -> list[tuple[int, str]]:
    """The rough companions (number, name) of an encoder, the newest last; there is more than one only
    while another process has not noticed that it was replaced."""
    start = name + MARK
    rows = connection.exec_driver_sql("SELECT id, name FROM encoders ORDER BY id").all()
    return [(number, one) for number, one in rows if one.startswith(start) and not one.endswith(LEAVING)]


def full_of(connection: Connection, name: str) -> int | None:
    """The encoder that a rough companion stands in for; None for a full encoder, or one not known."""
    full, mark, _ = name.partition(MARK)
    return find_encoder(connection, full) if mark else None


def register_encoder(connection: Connection, name: str) -> int:
    """Make an encoder known: every passage then waits for its vector, but for a rough one only those
    that have no full one. An earlier version of a rough one is forgotten."""
    known = find_encoder(connection, name)
    if known is not None:
        return known
    if MARK in name:
        for earlier, _ in find_rough(connection, name.partition(MARK)[0]):
            forget_encoder(connection, earlier)
    row = connection.execute(insert(encoders).values(name=name)).inserted_primary_key
    assert row is not None
    encoder = int(row[0])
    turn = passages.c.ordinal // PASSAGES_A_TURN
    wanted = select(literal(encoder), turn, passages.c.id)
    full = full_of(connection, name)
    if full is not None:
        have = select(vectors.c.passage).where(vectors.c.encoder == full)
        wanted = wanted.where(passages.c.id.not_in(have))
    connection.execute(insert(waiting).from_select(["encoder", "turn", "passage"], wanted))
    return encoder


def enqueue(connection: Connection, new: Sequence[tuple[int, int]]) -> None:
    """New passages (id, ordinal) wait for a vector of every known encoder."""
    staying = encoders.c.name.not_like(f"%{LEAVING}")
    for encoder in connection.scalars(select(encoders.c.id).where(staying)).all():
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


def hurry(connection: Connection, encoder: int, documents: Sequence[int]) -> None:
    """Let the passages of documents be the next to be encoded."""
    theirs = select(passages.c.id).where(passages.c.document.in_(documents))
    chosen = (waiting.c.encoder == encoder) & waiting.c.passage.in_(theirs) & (waiting.c.turn >= 0)
    connection.execute(update(waiting).where(chosen).values(turn=-1))


def write(connection: Connection, name: str, new: Mapping[int, Vectors]) -> None:
    """Store the vectors of passages, in place of earlier ones and of rough ones; passages that are gone
    are left out, and from rough ones those that have a full vector by now."""
    encoder, full = register_encoder(connection, name), full_of(connection, name)
    displaced = [encoder, *(rough for rough, _ in find_rough(connection, name))]
    for ids in _batches(list(new)):
        if full is not None:
            ids = sorted(set(ids) - _with_vector(connection, full, ids))
        languages = _languages(connection, ids)
        found = list(languages)
        if not found:
            continue
        for one in displaced:
            forget(connection, languages, one)
            done = waiting.c.passage.in_(found) & (waiting.c.encoder == one)
            connection.execute(delete(waiting).where(done))
        blobs = pack_vectors(np.stack([new[passage] for passage in found]))
        rows = [
            {"passage": passage, "encoder": encoder, "data": data}
            for passage, data in zip(found, blobs, strict=True)
        ]
        connection.execute(insert(vectors), rows)
        # The sums are of what is stored, rounded as it is: so they can be taken apart again.
        _add(connection, encoder, languages, dict(zip(found, unpack_vectors(blobs), strict=True)), 1)


def _with_vector(connection: Connection, encoder: int, ids: Sequence[int]) -> set[int]:
    here = vectors.c.passage.in_(ids) & (vectors.c.encoder == encoder)
    return set(connection.scalars(select(vectors.c.passage).where(here)))


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


def rename_leaving(connection: Connection, name: str) -> int | None:
    """Let an encoder be found no more, so that its vectors can be removed a part at a time."""
    encoder = find_encoder(connection, name)
    if encoder is not None and not name.endswith(LEAVING):
        # What an interrupted removal left of the same name is removed with it.
        for earlier in connection.scalars(select(encoders.c.id).where(encoders.c.name == name + LEAVING)):
            forget_encoder(connection, earlier)
        connection.execute(update(encoders).where(encoders.c.id == encoder).values(name=name + LEAVING))
    return encoder


def forget_some(connection: Connection, encoder: int, limit: int) -> bool:
    """Remove some of the vectors of an encoder that is leaving, and at last the encoder; whether that is
    done."""
    oldest = select(vectors.c.sequence).where(vectors.c.encoder == encoder).limit(limit)
    connection.execute(delete(waiting).where(waiting.c.encoder == encoder))
    removed = connection.execute(delete(vectors).where(vectors.c.sequence.in_(oldest))).rowcount
    if removed >= limit:
        return False
    forget_encoder(connection, encoder)
    return True


def read(connection: Connection, encoder: int, ids: Sequence[int]) -> tuple[list[int], list[str], Vectors]:
    """Of those passages that have one: ids, languages, raw vectors (n, d)."""
    query = (
        "SELECT v.passage, p.language, v.data FROM json_each(?) AS wanted"
        " JOIN vectors AS v ON v.passage = wanted.value AND v.encoder = ?"
        " JOIN passages AS p ON p.id = v.passage"
    )
    # All at once: row by row through the cursor takes twice as long.
    found = connection.exec_driver_sql(query, (json.dumps(list(ids)), encoder)).all()
    return (
        [passage for passage, _, _ in found],
        [language for _, language, _ in found],
        unpack_vectors([data for _, _, data in found]),
    )


def read_after(
    connection: Connection, encoder: int, sequence: int, limit: int
) -> tuple[int, list[int], list[str], Vectors]:
    """The next vectors in order of writing: last sequence, ids, languages, raw vectors (n, d)."""
    query = (
        "SELECT v.sequence, v.passage, p.language, v.data FROM vectors AS v"
        " JOIN passages AS p ON p.id = v.passage"
        " WHERE v.encoder = ? AND v.sequence > ? ORDER BY v.sequence LIMIT ?"
    )
    rows = connection.exec_driver_sql(query, (encoder, sequence, limit)).all()
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


def read_means(connection: Connection, encoder: int) -> dict[str, tuple[Vectors, int]]:
    """The mean of the vectors of each language, and their number."""
    sums = read_sums(connection, encoder)
    return {one: ((total / number).astype(np.float32), number) for one, (total, number) in sums.items()}


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
