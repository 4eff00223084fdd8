"""Phrases that a passage must hold, or must not: found by the index of words, then checked in the text.

The index of words holds stems beside words, so it gives candidates; a function of ours, which the database
calls for each of them, looks at the passage's text. The title counts as a part of every passage.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, column, false, func, not_, select, table

from everask.errors import StoreError
from everask.index.blobs import storable, unpack_terms
from everask.index.schema import documents, passages
from everask.text import holds, wording_tokens
from everask.types import Filters

_FORMS_A_WORD = 6
"""Tokens that one word leaves in the index, at most, but for some numbers: then the order is not used."""

_lexical = table("lexical", column("rowid"), column("lexical"))


def register(connection: sqlite3.Connection) -> None:
    """Make our functions known to a connection."""
    connection.create_function("passage_holds", 3, _passage_holds, deterministic=True)
    connection.create_function("title_holds", 3, _title_holds, deterministic=True)


def expression(wordings: tuple[str, ...]) -> str:
    """An FTS5 expression that every passage with all the wordings meets; empty where there is none."""
    return " AND ".join(f"({one})" for one in map(_expression, wordings) if one)


def passage_wordings(filters: Filters, *, exact: bool) -> list[ColumnElement[bool]]:
    """What holds of the passages, joined with their documents, that have the phrases and not the others; by
    the index of words alone without `exact`, which finds some more."""
    if not exact:
        return [_candidates(one) for one in filters.phrases]
    wanted = [_condition(one) for one in filters.phrases]
    return [*wanted, *(not_(_condition(one)) for one in filters.without)]


def document_wordings(filters: Filters) -> list[ColumnElement[bool]]:
    """What holds of documents whose title or name has the wanted words."""
    conditions: list[ColumnElement[bool]] = []
    for title in filters.titles:
        has = func.title_holds(documents.c.title, documents.c.name, storable(title)) == 1
        conditions.append(documents.c.number.in_(select(documents.c.number).where(has)))
    return conditions


def count_held(connection: Connection, ids: Sequence[int], wanted: Sequence[str]) -> dict[int, int]:
    """How many of some wordings each of these passages has; those that have none are left out."""
    query = (
        "SELECT p.id, p.data, d.title FROM json_each(?) AS one"
        " JOIN passages AS p ON p.id = one.value JOIN documents AS d ON d.number = p.document"
    )
    rows = connection.exec_driver_sql(query, (json.dumps(list(ids)),)).all()
    counts = {
        one: sum(_passage_holds(data, title, wording) for wording in wanted) for one, data, title in rows
    }
    return {one: count for one, count in counts.items() if count}


def _condition(wording: str) -> ColumnElement[bool]:
    checked = func.passage_holds(passages.c.data, documents.c.title, storable(wording)) == 1
    return and_(_candidates(wording), checked)


def _candidates(wording: str) -> ColumnElement[bool]:
    """What has the tokens of the wording; nothing, if that is no word."""
    expression = _expression(wording)
    if not expression:
        return false()
    return passages.c.id.in_(select(_lexical.c.rowid).where(_lexical.c.lexical.op("MATCH")(expression)))


def _expression(wording: str) -> str:
    lists, is_spaced = wording_tokens(wording)
    strings = ['"' + storable(" ".join(tokens)).replace('"', '""') + '"' for tokens in lists]
    if is_spaced and len(strings) > 1 and not any(map(str.isdigit, wording)):
        return f"NEAR({' '.join(strings)}, {_FORMS_A_WORD * len(strings)})"
    return " AND ".join(strings)


def _passage_holds(data: bytes, title: str, wording: str) -> bool:
    with contextlib.suppress(StoreError):  # a damaged passage holds nothing; `doctor` tells of it
        terms = unpack_terms(data)
        return any(holds(part, wording) for part in (terms.indexed, title, *terms.headings))
    return False


def _title_holds(title: str, name: str, wording: str) -> bool:
    return holds(title, wording) or holds(name, wording)
