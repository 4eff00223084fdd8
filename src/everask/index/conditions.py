"""Filters and rights as SQL conditions: the one place that decides what a query may see."""

from __future__ import annotations

import functools
import json
import os
import urllib.parse
from pathlib import Path

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, text, true

from everask.index.blobs import storable
from everask.index.learning_schema import document_topics, topics
from everask.index.schema import MAX_STATEMENTS, document_groups, documents, passages
from everask.index.wordings import document_wordings, passage_wordings
from everask.types import Filters

Groups = tuple[str, ...] | None
GIVEN = passages.c.id.in_(text("SELECT value FROM json_each(:ids)"))
"""A passage is among :ids, a list as JSON: one statement for any number of them."""
EVERYBODY = "[]"
"""A topic's groups, as they are stored, where all may see it."""


def may_read(groups: Groups) -> list[ColumnElement[bool]]:
    """Documents without groups are everybody's; None is the owner, who may read all."""
    return [] if groups is None else [_granted(groups)]


@functools.lru_cache(MAX_STATEMENTS)
def _granted(groups: tuple[str, ...]) -> ColumnElement[bool]:
    # The same object for the same groups: statements with it are kept, and need not be built for each search.
    named = select(func.json_each(json.dumps(groups)).table_valued("value").c.value)
    granted = exists(
        select(document_groups.c.document).where(
            document_groups.c.document == documents.c.number, document_groups.c.name.in_(named)
        )
    )
    return or_(documents.c.num_groups == 0, granted)


def document_conditions(filters: Filters, groups: Groups) -> list[ColumnElement[bool]]:
    """What holds of the documents that a query is limited to, its languages left out."""
    conditions = may_read(groups)
    if filters.folder:
        conditions.append(below(documents.c.uri, folder_uri(filters.folder)))
    if filters.media_types:
        conditions.append(documents.c.media_type.in_(filters.media_types))
    if filters.after is not None:
        conditions.append(documents.c.modified >= filters.after)
    if filters.before is not None:
        conditions.append(documents.c.modified < filters.before)
    conditions += [_on_the_way(folder) for folder in filters.folders]
    if filters.topics is not None:
        conditions += [_has_topic(one, filters.topics.viewer, groups) for one in filters.topics.ids]
    return conditions + document_wordings(filters)


def may_see_topic(viewer: int | None, groups: Groups) -> ColumnElement[bool]:
    """A topic is its maker's, and that of the groups (or of everybody) that it was given to; who may read all
    may see all."""
    if groups is None:
        return true()
    given = func.json_each(topics.c.groups).table_valued("value", name="given")
    allowed = [topics.c.groups == EVERYBODY, exists(select(given.c.value).where(given.c.value.in_(groups)))]
    if viewer is not None:
        allowed.append(topics.c.user == viewer)
    return or_(*allowed)


def _has_topic(topic: int, viewer: int | None, groups: Groups) -> ColumnElement[bool]:
    tags = select(document_topics.c.document).join_from(document_topics, topics)
    return documents.c.id.in_(tags.where(topics.c.id == topic, may_see_topic(viewer, groups)))


def passage_conditions(filters: Filters, groups: Groups) -> list[ColumnElement[bool]]:
    """What holds of the passages (joined with their documents) that a query is limited to."""
    return _passages(filters, groups) + passage_wordings(filters, exact=True)


def quick_conditions(filters: Filters, groups: Groups) -> list[ColumnElement[bool]] | None:
    """The same of these and of some more, without reading any text; None where nothing would be read."""
    if not filters.phrases and not filters.without:
        return None
    return _passages(filters, groups) + passage_wordings(filters, exact=False)


def _passages(filters: Filters, groups: Groups) -> list[ColumnElement[bool]]:
    conditions = document_conditions(filters, groups)
    if filters.languages:
        conditions.append(passages.c.language.in_(filters.languages))
    return conditions


def folder_uri(folder: str) -> str:
    """A folder given as a path or as the beginning of a URI, as the latter."""
    if "://" in folder:
        return folder
    try:
        named = Path(folder).expanduser()
    except RuntimeError:  # `~` of nobody is a name like any other
        named = Path(folder)
    path = os.path.normpath(Path.cwd() / named)  # links stay as they were added
    return "file://" + urllib.parse.quote(os.fsencode(path))


def _on_the_way(folder: str) -> ColumnElement[bool]:
    """A folder of this name (or path) is on the way to the document; whole paths are taken from the root."""
    if "://" in folder or folder.startswith(("/", "~")):
        return below(documents.c.uri, folder_uri(folder))
    name = urllib.parse.quote(storable(folder.strip("/")))
    return documents.c.uri.contains(f"/{name}/", autoescape=True)


def below(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """The place itself, what is in the folder, and what is in the container (`#member`)."""
    stem = prefix.rstrip("/")
    ranges = [and_(column >= stem + separator, column < stem + chr(ord(separator) + 1)) for separator in "/#"]
    return or_(column == stem, column == prefix, *ranges)
