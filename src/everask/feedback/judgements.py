"""Events become judgements: that a place in a document answers a question, or does not.

What an act is worth, and why, is in docs/feedback.md. A click is weak evidence (people open what stands
first, and what they wonder at), a vote is a decision, and a place that somebody pointed at is worth most:
nobody does that by accident. Knows nothing of passages; the pipeline finds those.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from everask.types import Event, EventKind

WORTH: dict[EventKind, float] = {"opened": 0.1, "copied": 0.4, "voted": 0.8, "corrected": 1.0, "why_not": 1.0}
"""How much an act says for the place that it is about; kinds that are missing here say nothing of a place."""
AGAINST = 0.5
"""A vote against says so much less of the place: the sentence's wording may be what was disliked."""
_APART = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Judgement:
    """`weight` from -1 (does not answer the question) to 1 (does). `user` None is the owner; `event` is the
    id of the act that it was made of."""

    question: str
    document_id: str
    start: int
    end: int
    weight: float
    user: int | None
    at: float
    event: int = 0


def judge(events: Iterable[Event]) -> list[Judgement]:
    """What events say of places, oldest first: of each person, question and place the strongest act.

    Of two votes on one sentence the later counts; one that was taken back gives a judgement of weight 0.
    """
    strongest: dict[tuple[int | None, str, str, int, int], Judgement] = {}
    for event in _last_votes(events):
        judged = _judge_one(event)
        if judged is None:
            continue
        key = (judged.user, question_key(judged.question), judged.document_id, judged.start, judged.end)
        known = strongest.get(key)
        if known is None or abs(judged.weight) >= abs(known.weight):
            strongest[key] = judged
    return sorted(strongest.values(), key=lambda one: one.at)


@lru_cache(maxsize=10_000)
def question_key(question: str) -> str:
    """The same for questions that differ only in case, width, spaces and punctuation."""
    plain = unicodedata.normalize("NFKC", question).casefold()
    return " ".join(_APART.sub(" ", plain).split())


def _last_votes(events: Iterable[Event]) -> list[Event]:
    kept: list[Event] = []
    votes: dict[tuple[int | None, str, int | None, str, int | None], Event] = {}
    for event in sorted(events, key=lambda one: (one.at, one.id)):
        if event.kind == "voted":
            votes[event.user, event.ask, event.claim, event.document_id, event.start] = event
        else:
            kept.append(event)
    return kept + list(votes.values())


def _judge_one(event: Event) -> Judgement | None:
    worth = WORTH.get(event.kind, 0.0)
    if event.kind == "voted":
        value = max(-1.0, min(1.0, event.value or 0.0))
        worth *= value if value > 0 else AGAINST * value
    if event.kind not in WORTH or not question_key(event.question):
        return None
    if not event.document_id or event.start is None or event.end is None:
        return None
    place = (event.document_id, event.start, event.end)
    return Judgement(event.question, *place, worth, event.user, event.at, event.id)
