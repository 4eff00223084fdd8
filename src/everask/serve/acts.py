"""What people do with an answer: votes, corrections and comments, kept as events and given to search.

The person must be able to read the answer and the document, as they are now. A correction is a place in a
document: its characters, or words that are looked up there. Votes are one a person and sentence.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import anyio.to_thread

from everask.errors import UsageError
from everask.index.events import append, list_own, remove_event
from everask.quoted import QuotedPlace, ShownSentence
from everask.serve.asked import Ask
from everask.serve.auth import Access
from everask.serve.doors import Doors
from everask.text.locate import locate
from everask.types import Citation, Claim, Document, Event, EventKind

MAX_COMMENT = 4_000
MAX_WORDS = 20_000
NO_SENTENCE = UsageError("The answer has no such sentence.", "Sentences are numbered from 0.")
OF_A_SENTENCE: frozenset[EventKind] = frozenset({"voted", "corrected", "commented"})
JUDGE_ITS_WORDS: frozenset[EventKind] = frozenset({"voted", "corrected"})


async def keep_act(doors: Doors, who: Access, act: Event, words: str = "") -> Event:
    """Keep what somebody did with an answer or document, filled in from there; return it as it is stored.

    `words` stand in the document of a correction. Raises NotFoundError for what they may not see, UsageError
    for what makes no sense.
    """
    ask = await doors.find_ask(act.ask, who) if act.ask else None
    if ask is None and act.kind in OF_A_SENTENCE:
        raise UsageError("It is not said of which answer.", "Send the answer's id as `ask`.")
    question = (ask.rewritten or ask.question) if ask else act.question
    claim = _claim(ask, act.claim) if ask and act.claim is not None else None
    cited = next(iter(claim.citations), None) if claim else None
    document, span = act.document_id, (act.start, act.end)
    if not document and cited is not None:
        document, span = cited.document_id, (cited.start, cited.end)
    detail = act.detail.strip()
    if document:
        read = await doors.document(document, who.groups)
        if act.kind == "corrected":
            span = _place(read, (act.start, act.end), words, cited)
        _check_span(read, span)
        if act.kind == "corrected":
            detail = read.text[span[0] : span[1]]
    elif act.kind == "corrected":
        raise UsageError("It is not said where the right words are.", "Name the document.")
    _check(act, detail)
    shown = as_shown(claim) if claim and act.kind in JUDGE_ITS_WORDS else None
    kept = Event(
        act.kind, time.time(), who.user, act.ask, question, act.claim, document, *span, act.value, detail,
        shown=shown,
    )  # fmt: skip
    return await anyio.to_thread.run_sync(_store, doors, who, kept)


async def take_back(doors: Doors, who: Access, identifier: int) -> Event:
    """Take back what somebody did: it is removed, and search forgets what it made of it."""

    def remove() -> Event:
        gone = remove_event(doors.engine.store.database, identifier, who.user, who.groups)
        if gone.kind == "tagged":
            doors.engine.tag()
            return gone
        nothing = Event("voted", time.time(), gone.user, gone.ask, gone.question, gone.claim,
                        gone.document_id, gone.start, gone.end, 0.0)  # fmt: skip
        left = [one for one in _own(doors, who, gone.ask) if one.id != gone.id] if gone.ask else []
        doors.engine.remember([nothing], who.groups)
        doors.engine.remember(left, who.groups)
        return gone

    return await anyio.to_thread.run_sync(remove)


async def own_acts(doors: Doors, who: Access, ask: str = "") -> list[Event]:
    """What this person did, newest first; all, or with one answer."""
    return await anyio.to_thread.run_sync(_own, doors, who, ask)


def last_votes(acts: Sequence[Event]) -> dict[int, Event]:
    """The vote that counts for each sentence, of one person's acts with an answer, newest first."""
    votes: dict[int, Event] = {}
    for act in acts:
        if act.kind == "voted" and act.claim is not None:
            votes.setdefault(act.claim, act)
    return votes


def _own(doors: Doors, who: Access, ask: str) -> list[Event]:
    return list_own(doors.engine.store.database, who.user, who.groups, ask=ask)


def _store(doors: Doors, who: Access, act: Event) -> Event:
    identifier = append(doors.engine.store.database, act)
    together = _own(doors, who, act.ask) if act.ask else [act]
    doors.engine.remember(together, who.groups)
    return replace(act, id=identifier)


def _claim(ask: Ask, number: int) -> Claim:
    """A sentence of an answer."""
    claims: Sequence[Claim] = ask.answer.claims if ask.answer else ()
    if not 0 <= number < len(claims):
        raise NO_SENTENCE
    return claims[number]


def as_shown(claim: Claim) -> ShownSentence:
    """What is kept of a judged sentence: its places, and its words unless they are a quote's."""
    quotes = tuple(QuotedPlace(one.document_id, one.start, one.end) for one in claim.citations)
    return ShownSentence("" if claim.verbatim else claim.text, quotes)


def _place(
    document: Document, span: tuple[int | None, int | None], words: str, cited: Citation | None
) -> tuple[int, int]:
    """Where a correction points: the characters sent, or the words' place nearest to the citation."""
    if span[0] is not None and span[1] is not None:
        return span[0], span[1]
    found = locate(document.text, words)
    if not found:
        raise UsageError(
            "These words are not in the document.", "Select them in the source, or paste them from there."
        )
    near = cited.start if cited and cited.document_id == document.id else 0
    return min(found, key=lambda place: abs(place[0] - near))


def _check_span(document: Document, span: tuple[int | None, int | None]) -> None:
    start, end = span
    if (start is None) != (end is None):
        raise UsageError("A place needs its start and its end.", "Send both or neither.")
    if start is not None and end is not None and not 0 <= start < end <= len(document.text):
        raise UsageError("There are no such characters in the document.", "Offsets count from 0.")
    if start is not None and end is not None and end - start > MAX_WORDS:
        raise UsageError("That is too long for a place.", f"Point at no more than {MAX_WORDS:,} characters.")


def _check(act: Event, detail: str) -> None:
    if act.kind in OF_A_SENTENCE and act.kind != "corrected" and act.claim is None:
        raise UsageError("It is not said of which sentence.", "Send its number as `claim`, from 0.")
    if act.kind == "voted" and act.value not in (1.0, -1.0):
        raise UsageError("A vote is 1 or -1.", "To take one back, remove its event.")
    if act.kind == "commented" and not 0 < len(detail) <= MAX_COMMENT:
        raise UsageError(f"A comment has 1 to {MAX_COMMENT:,} characters.", "Write some, but no more.")
