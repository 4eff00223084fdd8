"""How many of the documents that a search finds are in each language, folder, kind and year.

Counted over all that the words find and the asker may read, not over the hits that are shown.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    Subquery,
    bindparam,
    case,
    func,
    or_,
    select,
)

from everask.index import lexical, wordings
from everask.index.conditions import GIVEN, Groups, may_see_topic, passage_conditions
from everask.index.database import Database
from everask.index.learning_schema import document_topics, topics
from everask.index.schema import MAX_STATEMENTS, documents, passages
from everask.types import Filters

MAX_VALUES = 12
"""Of a facet; the rest have fewest documents."""

_NAMES = ("language", "media_type", "folder", "year")

Counted = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class CountedTopic:
    """A topic that the asker may see, and how many of the documents found have it."""

    id: int
    name: str
    documents: int


@dataclass(frozen=True, slots=True)
class Facets:
    """Values with their numbers of documents, most first; years latest first. `folders` are those just below
    what was added. `total` is how many documents there are."""

    total: int = 0
    languages: Counted = ()
    folders: Counted = ()
    media_types: Counted = ()
    years: Counted = field(default=())
    topics: tuple[CountedTopic, ...] = ()


def count_facets(
    database: Database,
    tokens: Sequence[str],
    also: Sequence[int],
    filters: Filters,
    groups: Groups,
    user: int | None = None,
) -> Facets:
    """The facets of the documents with a passage that has the tokens that lead a search, or is among `also`
    (ids of passages that were found by meaning). `user` asks, whose own topics are counted, too."""
    with database.reading() as connection:
        wanted = lexical.leading_expression(connection, tokens, wordings.expression(filters.phrases))
        asked = {"ids": json.dumps(list(also)), **({"wanted": wanted} if wanted else {})}
        found = _found(tuple(passage_conditions(filters, groups)), by_words=bool(wanted))
        rows = connection.execute(found.counts, asked).all()
        counted = _count_topics(connection, found.documents, asked, may_see_topic(user, groups))
    counters = [Counter[str]() for _ in _NAMES]
    for row in rows:
        for counter, value in zip(counters, row[:-1], strict=True):
            if value and value != "und":
                counter[str(value)] += int(row[-1])
    languages, media_types, folders, years = counters
    return Facets(
        sum(int(row[-1]) for row in rows),
        _most(languages),
        _most(folders),
        _most(media_types),
        tuple(sorted(_most(years), reverse=True)),
        counted,
    )


class _Found(NamedTuple):
    """The documents of a search, and the statement that counts them by what they are."""

    documents: Subquery
    counts: Select[Any]


@functools.lru_cache(MAX_STATEMENTS)
def _found(conditions: tuple[ColumnElement[bool], ...], *, by_words: bool) -> _Found:
    """The documents with a passage of :ids or, `by_words`, one that matches :wanted."""
    found = [GIVEN]
    if by_words:
        found.append(passages.c.id.in_(lexical.matching(bindparam("wanted"))))
    slash = func.instr(documents.c.name, "/")
    inner = (
        select(
            documents.c.number,
            documents.c.id,
            documents.c.language,
            documents.c.media_type,
            case((slash > 1, func.substr(documents.c.name, 1, slash - 1)), else_="").label("folder"),
            func.strftime("%Y", documents.c.modified, "unixepoch").cast(String).label("year"),
        )
        .distinct()
        .join_from(passages, documents)
        .where(or_(*found), *conditions)
        .subquery()
    )
    grouped = [inner.c[name] for name in _NAMES]
    return _Found(inner, select(*grouped, func.count()).group_by(*grouped))


def _count_topics(
    connection: Connection, found: Subquery, asked: Mapping[str, str], seen: ColumnElement[bool]
) -> tuple[CountedTopic, ...]:
    if connection.scalar(select(topics.c.id).limit(1)) is None:
        return ()
    number = func.count().label("number")
    query = (
        select(topics.c.id, topics.c.name, number)
        .join_from(topics, document_topics)
        .join(found, found.c.id == document_topics.c.document)
        .where(seen)
        .group_by(topics.c.id, topics.c.name)
        .order_by(number.desc(), topics.c.name)
        .limit(MAX_VALUES)
    )
    rows = connection.execute(query, asked).all()
    return tuple(CountedTopic(row.id, row.name, int(row.number)) for row in rows)


def _most(counter: Counter[str]) -> Counted:
    return tuple(sorted(counter.items(), key=lambda item: (-item[1], item[0]))[:MAX_VALUES])
