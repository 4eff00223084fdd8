"""From the store's events to questions that train and questions that measure, and what was left out of both.

Weights that all people share learn from what all may read, and from nothing else: an event of a document that
only some may read is left out, and so is one of an answer that shows words of such a document, since the
question may be about those. Questions that people saved measure and never train. Rights are looked at anew
each time. Knows no model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from everask.feedback import judge, question_key
from everask.feedback.judgements import WORTH, Judgement
from everask.feedback.labels import Labelled, Said, believe, cap_shares, label
from everask.index import Store
from everask.index.events import list_events
from everask.index.learned import Lineage
from everask.index.people_schema import ask_documents
from everask.index.saved import list_saved
from everask.index.schema import documents, passages
from everask.types import Event

LIMITED = "only some may read the document"
MIXED = "the answer shows a document that only some may read"
GONE = "the document has changed or gone"
CONTRADICTED = "people contradict each other"
TOO_MUCH = "one person's share is too large"
DISBELIEVED = "the person mostly contradicts others"
NO_PLACE = "it names no place"
LEFT_OUT = (LIMITED, MIXED, GONE, CONTRADICTED, TOO_MUCH, DISBELIEVED, NO_PLACE)
"""Why an event teaches nothing."""

MANY_DOCUMENTS = 20
"""Below so many judged documents parts of them are held out, and not whole ones."""
_PART = 10
"""Passages."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Questions that people judged: those to learn from, and those to measure with, which stand in other
    documents. `kinds` counts the events that say something of a place, `left_out` those that teach
    nothing."""

    training: tuple[Labelled, ...]
    held_out: tuple[Labelled, ...]
    kinds: Mapping[str, int]
    left_out: Mapping[str, int]
    num_people: int

    @property
    def held_out_keys(self) -> frozenset[str]:
        """Of all questions that must never be learned from."""
        return frozenset(one.key for one in self.held_out)

    @property
    def lineage(self) -> Lineage:
        """What the training questions were made of."""
        return lineage_of(self.training)


@dataclass(frozen=True, slots=True)
class Span:
    """A passage of a document, and in which part of it it stands."""

    passage: int
    start: int
    end: int
    part: int


@dataclass(slots=True)
class Places:
    """What the store has: for each document whether everybody may read it, and its passages."""

    is_open: Mapping[str, bool]
    uris: Mapping[str, str]
    mixed: frozenset[str]
    spans: dict[str, list[Span]] = field(default_factory=dict)

    def unit_of(self, document: str, part: int | None) -> str:
        """What is held out together: a file with all its members, or a part of it."""
        unit = self.uris[document].partition("#")[0]
        return unit if part is None else f"{unit} {part}"


def lineage_of(questions: Sequence[Labelled]) -> Lineage:
    """Which events, documents and people questions were made of."""
    return Lineage(
        frozenset(event for one in questions for event in one.events if event),
        frozenset(document for one in questions for document in one.documents),
        frozenset(user for one in questions for user in one.users if user is not None),
    )


def read_labels(store: Store) -> Labels:
    """All that people judged and that everybody may read."""
    events = [one for one in list_events(store.database) if one.kind in WORTH]
    with store.still(), store.database.reading() as connection:
        places = read_places(connection)
        left_out: Counter[str] = Counter()
        usable = [one for one in events if is_usable(one, places, left_out)]
        said = _find_passages(connection, judge(usable), places, left_out)
        saved = _saved(store, connection, places)
    believed = believe(said)
    left_out[DISBELIEVED] += len({one.event for one in said}) - len({one.event for one in believed})
    kept = cap_shares(believed)
    left_out[TOO_MUCH] += len({one.event for one in believed}) - len({one.event for one in kept})
    questions, contradicted = label(kept)
    left_out[CONTRADICTED] += contradicted
    known = {one.key for one in saved}
    ours = [one for one in questions if one.right and one.is_held_out and one.key not in known]
    training = [one for one in questions if one.unit is not None and not one.is_held_out]
    return Labels(
        tuple(one for one in training if one.key not in known),
        (*saved, *ours),
        dict(Counter(one.kind for one in usable)),
        {why: number for why, number in left_out.items() if number},
        len({one.user for one in usable}),
    )


def is_usable(event: Event, places: Places, left_out: Counter[str]) -> bool:
    """Whether it says something of a place that everybody may read; else why not is counted."""
    if (
        event.document_id == ""
        or event.start is None
        or event.end is None
        or not question_key(event.question)
    ):
        left_out[NO_PLACE] += 1
    elif event.document_id not in places.is_open:
        left_out[GONE] += 1
    elif not places.is_open[event.document_id]:
        left_out[LIMITED] += 1
    elif event.ask in places.mixed:
        left_out[MIXED] += 1
    else:
        return True
    return False


def read_places(connection: Connection) -> Places:
    """Which documents there are, which of them everybody may read, and which answers show others."""
    rows = connection.execute(select(documents.c.id, documents.c.uri, documents.c.num_groups)).all()
    limited = select(ask_documents.c.ask).join(documents, documents.c.id == ask_documents.c.document)
    mixed = frozenset(connection.scalars(limited.where(documents.c.num_groups > 0).distinct()))
    return Places({row.id: not row.num_groups for row in rows}, {row.id: row.uri for row in rows}, mixed)


def _find_passages(
    connection: Connection, judgements: Sequence[Judgement], places: Places, left_out: Counter[str]
) -> list[Said]:
    in_parts = len({one.document_id for one in judgements}) < MANY_DOCUMENTS
    said = []
    for one in judgements:
        if not one.weight:
            continue  # a vote that was taken back
        here = spans_at(connection, places, one.document_id, one.start, max(one.end, one.start + 1))
        if not here:
            left_out[GONE] += 1
        for span in here:
            unit = places.unit_of(one.document_id, span.part if in_parts else None)
            said.append(
                Said(one.question, span.passage, one.document_id, unit, one.weight, one.user, one.event)
            )
    return said


def spans_at(connection: Connection, places: Places, document: str, start: int, end: int) -> list[Span]:
    """The passages of a document that hold some of these characters."""
    if document not in places.spans:
        query = select(passages.c.id, passages.c.start, passages.c.end, passages.c.ordinal)
        rows = connection.execute(query.join(documents).where(documents.c.id == document))
        places.spans[document] = [Span(row.id, row.start, row.end, row.ordinal // _PART) for row in rows]
    return [one for one in places.spans[document] if one.start < end and one.end > start]


def _saved(store: Store, connection: Connection, places: Places) -> list[Labelled]:
    """Questions that people saved, with the passages that answer them: they measure, whatever their
    document."""
    found: dict[str, Labelled] = {}
    for one in list_saved(store.database, everybody=True):
        document = one.document_id
        if document is None or one.is_lost or not places.is_open.get(document):
            continue
        end = one.end if one.end is not None else 1 << 60
        here = [span.passage for span in spans_at(connection, places, document, one.start or 0, end)]
        if not here or not question_key(one.question):
            continue
        made = Labelled(
            one.question,
            tuple(here),
            (),
            frozenset({document}),
            frozenset({one.user}),
            frozenset(),
            places.uris[document],
        )
        found[made.key] = made
    return list(found.values())
