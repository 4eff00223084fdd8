"""From votes and corrections to sentences that people call supported by the words that they cite, or not.

For what trains the checking of sentences, by the rules of labelling.py: only of what everybody may read, one
person one voice, and half of the documents measure. A vote is for or against its sentence; a correction that
points elsewhere is against it. A quote supports itself, so votes on quotes say nothing here, and what was
kept before sentences were has none. Knows no model.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from everask.feedback.labels import AGREED, Said, cap_shares, is_held_out
from everask.index import Store
from everask.index.events import list_events
from everask.index.learned import Lineage
from everask.pipeline.labelling import (
    CONTRADICTED,
    GONE,
    LIMITED,
    MANY_DOCUMENTS,
    TOO_MUCH,
    Places,
    is_usable,
    read_places,
    spans_at,
)
from everask.quoted import QuotedPlace
from everask.types import Event, EventKind

KINDS: tuple[EventKind, ...] = ("voted", "corrected")
NO_SENTENCE = "the sentence was not kept with it"
A_QUOTE = "the sentence is a quote"
SAME_PLACE = "the right words are those that it cites"
SAYS_NOTHING = (NO_SENTENCE, A_QUOTE, SAME_PLACE)
"""Why an act teaches the checking nothing, beside labelling.LEFT_OUT."""


@dataclass(frozen=True, slots=True)
class JudgedSentence:
    """A sentence of an answer to `question`, with the places that it cites, and the passages that hold these;
    whether people call it right; whose word that is, and of which events it was made."""

    question: str
    text: str
    quotes: tuple[QuotedPlace, ...]
    passages: tuple[int, ...]
    is_right: bool
    users: frozenset[int | None]
    events: frozenset[int]
    unit: str

    @property
    def is_held_out(self) -> bool:
        """Whether it measures, and is never learned from."""
        return is_held_out(self.unit)


@dataclass(frozen=True, slots=True)
class Sentences:
    """Sentences to learn from, and those that measure, of other documents; events by kind, how many teach
    nothing and why, and how many people these are of."""

    training: tuple[JudgedSentence, ...]
    held_out: tuple[JudgedSentence, ...]
    kinds: Mapping[str, int]
    left_out: Mapping[str, int]
    num_people: int


def lineage_of(sentences: Iterable[JudgedSentence]) -> Lineage:
    """Which events, documents and people they were made of."""
    some = list(sentences)
    return Lineage(
        frozenset(event for one in some for event in one.events),
        frozenset(quote.document_id for one in some for quote in one.quotes),
        frozenset(user for one in some for user in one.users if user is not None),
    )


def read_sentences(store: Store) -> Sentences:
    """All that people judged and that everybody may read."""
    events = [one for one in list_events(store.database) if one.kind in KINDS and one.ask]
    left_out: Counter[str] = Counter()
    with store.still(), store.database.reading() as connection:
        places = read_places(connection)
        usable = [one for one in _last_of_each(events) if _says_something(one, places, left_out)]
        by_sentence = _shared(usable, left_out)
        in_parts = len({quotes[0].document_id for _, quotes in by_sentence}) < MANY_DOCUMENTS
        found = []
        for some in by_sentence.values():
            made = _judge(connection, places, some, in_parts=in_parts)
            if isinstance(made, str):
                left_out[made] += len(some)
            else:
                found.append(made)
    return Sentences(
        tuple(one for one in found if not one.is_held_out),
        tuple(one for one in found if one.is_held_out),
        dict(Counter(one.kind for one in usable)),
        {why: number for why, number in left_out.items() if number},
        len({one.user for one in usable}),
    )


def _last_of_each(events: Sequence[Event]) -> list[Event]:
    """What each person said last of each sentence."""
    last: dict[tuple[int | None, str, int | None], Event] = {}
    for one in sorted(events, key=lambda event: (event.at, event.id)):
        last[one.user, one.ask, one.claim] = one
    return sorted(last.values(), key=lambda event: event.id)


def _shown(event: Event) -> tuple[str, tuple[QuotedPlace, ...]]:
    assert event.shown is not None, "looked at before"
    return event.shown.text, event.shown.quotes


def _says_something(event: Event, places: Places, left_out: Counter[str]) -> bool:
    """Whether it is of a sentence in a model's own words over what everybody may read; else why not is
    counted."""
    if not is_usable(event, places, left_out):
        return False
    shown = event.shown
    documents = [one.document_id for one in shown.quotes] if shown else []
    if shown is None or not shown.quotes:
        left_out[NO_SENTENCE] += 1
    elif not shown.text:
        left_out[A_QUOTE] += 1
    elif any(one not in places.is_open for one in documents):
        left_out[GONE] += 1
    elif not all(places.is_open[one] for one in documents):
        left_out[LIMITED] += 1
    elif event.kind == "corrected" and any(_overlaps(event, one) for one in shown.quotes):
        left_out[SAME_PLACE] += 1
    else:
        return True
    return False


def _overlaps(event: Event, quote: QuotedPlace) -> bool:
    start, end = event.start or 0, event.end or 0
    return event.document_id == quote.document_id and start < quote.end and quote.start < end


def _is_for(event: Event) -> bool:
    return event.kind == "voted" and (event.value or 0.0) > 0


def _shared(
    events: Sequence[Event], left_out: Counter[str]
) -> dict[tuple[str, tuple[QuotedPlace, ...]], list[Event]]:
    """Events by the sentence that they are of, nobody's more than a share."""
    said = [
        Said(one.shown.text, 0, one.document_id, "", 1.0 if _is_for(one) else -1.0, one.user, one.id)
        for one in events
        if one.shown is not None
    ]
    kept = {one.event for one in cap_shares(said)}
    left_out[TOO_MUCH] += len(events) - len(kept)
    found: dict[tuple[str, tuple[QuotedPlace, ...]], list[Event]] = defaultdict(list)
    for one in events:
        if one.id in kept:
            found[_shown(one)].append(one)
    return found


def _judge(
    connection: Connection, places: Places, events: Sequence[Event], *, in_parts: bool
) -> JudgedSentence | str:
    """What people agree on; or why they teach nothing."""
    voices = {one.user: (1 if _is_for(one) else -1) for one in events}
    total = sum(voices.values())
    if abs(total) < AGREED * len(voices) or not total:
        return CONTRADICTED
    text, quotes = _shown(events[0])
    holding = []
    for quote in quotes:
        spans = spans_at(connection, places, quote.document_id, quote.start, quote.end)
        whole = [one for one in spans if one.start <= quote.start and quote.end <= one.end]
        if not whole:
            return GONE
        holding.append(whole[0])
    unit = places.unit_of(quotes[0].document_id, holding[0].part if in_parts else None)
    return JudgedSentence(
        events[0].question,
        text,
        quotes,
        tuple(one.passage for one in holding),
        total > 0,
        frozenset(voices),
        frozenset(one.id for one in events),
        unit,
    )
