"""Passages that were analysed by an earlier version of `text`: noticed, and analysed anew, a few at a time.

What is needed is in the store: the text as it was indexed, headings and the title. One transaction renews a
batch and says how far it is, so that it can be stopped anywhere and shared by processes; vectors stay.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from everask.errors import StoreError
from everask.index import lexical
from everask.index.blobs import Terms, pack_terms, unpack_terms
from everask.index.database import Database
from everask.index.schema import documents, passages, state
from everask.index.settings import read_setting, write_setting
from everask.index.spool import fingerprint, make_terms
from everask.text import ANALYSIS

BATCH = 200
_KEY = "analysis"
_FIRST = 1
"""The version of stores that do not say which."""


def notice(database: Database) -> None:
    """Note, if the store was analysed by another version, that all that is in it now is to be renewed.

    To be called before anything is written, which is then known to be of this version.
    """
    with database.reading() as connection:
        if _read(connection)[0] == ANALYSIS:
            return
    with database.writing() as connection:
        if _read(connection)[0] != ANALYSIS:  # another process may have been faster
            last = connection.scalar(select(func.max(passages.c.id)))
            _write(connection, int(last) + 1 if last else 0)


def is_done(connection: Connection) -> bool:
    """Whether nothing is left to renew, as nearly always: seen without waiting for those who write."""
    return _read(connection) == (ANALYSIS, 0)


def count_outdated(connection: Connection) -> int:
    """How many passages are of another version."""
    version, below = _read(connection)
    query = select(func.count()).select_from(passages)
    if version == ANALYSIS:
        query = query.where(passages.c.id < below)
    return int(connection.scalar(query) or 0)


def renew(connection: Connection) -> int:
    """Analyse a batch anew, the newest first; return how many there were, 0 when all is up to date."""
    _, below = _read(connection)
    if below == 0:
        return 0
    query = (
        select(passages.c.id, passages.c.language, passages.c.data, documents.c.title)
        .join_from(passages, documents)
        .where(passages.c.id < below)
    )
    rows = connection.execute(query.order_by(passages.c.id.desc()).limit(BATCH)).all()
    for passage, language, data, title in rows:
        try:
            old = unpack_terms(data)
        except StoreError:  # damaged: `doctor` tells of it
            continue
        new = make_terms(old.indexed, old.headings, title, language)
        if new != old:
            _replace(connection, passage, language, old, new)
    if rows:
        connection.execute(update(state).values(changes=state.c.changes + 1))
    _write(connection, rows[-1].id if rows else 0)
    return len(rows)


def _replace(connection: Connection, passage: int, language: str, old: Terms, new: Terms) -> None:
    lexical.delete(connection, [(passage, old.body_tokens, old.heading_tokens)])
    lexical.insert(connection, [(passage, new.body_tokens, new.heading_tokens)])
    values = {"data": pack_terms(new), "fingerprint": fingerprint(new, language)}
    connection.execute(update(passages).where(passages.c.id == passage).values(values))
    more = _num_tokens(new) - _num_tokens(old)
    connection.execute(update(state).values(tokens=state.c.tokens + more))


def _num_tokens(terms: Terms) -> int:
    return lexical.count_tokens(terms.body_tokens) + lexical.count_tokens(terms.heading_tokens)


def _read(connection: Connection) -> tuple[int, int]:
    """The version, and the id below which passages are of an earlier one."""
    version, _, below = (read_setting(connection, _KEY) or str(_FIRST)).partition(" ")
    return int(version), int(below or 0)


def _write(connection: Connection, below: int) -> None:
    write_setting(connection, _KEY, f"{ANALYSIS} {below}")
