"""Saved questions: what people ask again and again to see whether it is still answered.

A question is a person's own words. Its place is given by document and characters, and by the passage, which
keeps its id while a changed file leaves it as it is. Knows nothing of how it is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, select

from everask.errors import NotFoundError, UsageError
from everask.index.blobs import storable
from everask.index.database import Database
from everask.index.people_schema import saved_questions
from everask.index.schema import documents, passages

MAX_SAVED = 2_000
"""Of one person."""
MAX_QUESTION = 4_000


@dataclass(frozen=True, slots=True)
class Saved:
    """A question with where its answer stands now; `document_id` None: the documents should not say.

    `is_lost`: the document that it named has changed there, or has gone. `id` is 0 until it is stored.
    """

    question: str
    document_id: str | None
    start: int | None
    end: int | None
    saved_at: float
    user: int | None = None
    passage: int | None = None
    is_lost: bool = False
    id: int = 0


def save_question(database: Database, saved: Saved) -> int:
    """Keep a question; return its id. Raises UsageError for an empty one, and for too many."""
    if not saved.question.strip():
        raise UsageError("There is no question to save.", "Write one.")
    with database.writing() as connection:
        own = select(func.count()).select_from(saved_questions).where(_of(saved.user))
        if int(connection.scalar(own) or 0) >= MAX_SAVED:
            raise UsageError(f"There are {MAX_SAVED} saved questions already.", "Remove some first.")
        made = connection.execute(
            insert(saved_questions).values(
                user=saved.user,
                question=storable(saved.question[:MAX_QUESTION]),
                document=saved.document_id,
                passage=saved.passage,
                start=saved.start,
                end=saved.end,
                saved_at=saved.saved_at,
            )
        )
        key = made.inserted_primary_key
        assert key is not None, "an insert of one row gives its key"
        return int(key[0])


def list_saved(database: Database, user: int | None = None, *, everybody: bool = False) -> list[Saved]:
    """A person's saved questions, the newest first; those of all people where `everybody`."""
    named, held = documents.alias(), documents.alias()
    query = (
        select(
            saved_questions,
            named.c.id.label("named"),
            held.c.id.label("held"),
            passages.c.start.label("held_start"),
            passages.c.end.label("held_end"),
        )
        .select_from(saved_questions)
        .outerjoin(named, named.c.id == saved_questions.c.document)
        .outerjoin(passages, passages.c.id == saved_questions.c.passage)
        .outerjoin(held, held.c.number == passages.c.document)
        .order_by(saved_questions.c.id.desc())
    )
    if not everybody:
        query = query.where(_of(user))
    with database.reading() as connection:
        return [_saved(row) for row in connection.execute(query)]


def remove_saved(database: Database, identifier: int, user: int | None = None) -> None:
    """Forget a person's question. Raises NotFoundError where they have none of that id."""
    with database.writing() as connection:
        gone = connection.execute(
            delete(saved_questions).where(saved_questions.c.id == identifier, _of(user))
        )
    if gone.rowcount == 0:
        raise NotFoundError("There is no such saved question.", "It may have been removed already.")


def _of(user: int | None) -> ColumnElement[bool]:
    return saved_questions.c.user.is_(None) if user is None else saved_questions.c.user == user


def _saved(row: Row[Any]) -> Saved:
    """The question with its place as it is now: the document it named, or where the passage stands since."""
    place = (row.document, row.start, row.end)
    if row.document is not None and row.named is None and row.held is not None:
        place = (row.held, row.held_start, row.held_end)
    lost = row.document is not None and row.named is None and row.held is None
    return Saved(row.question, *place, row.saved_at, row.user, row.passage, lost, row.id)
