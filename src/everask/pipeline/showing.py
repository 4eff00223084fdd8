"""What a person is shown of a search: a little chance in the order, so that it can be told how far down
people look, and a note of what was shown, so that what they do with it says something.

Programs get what search found as it is. What acts are worth is `feedback`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from everask.feedback.positions import put_in_order, swap
from everask.index.impressions import MAX_PLACES
from everask.pipeline.asking import Parts, Question, Trial
from everask.pipeline.shown import as_shown, draw_for
from everask.types import Hit

T = TypeVar("T")

KEPT = 1
"""The first place is never swapped: people take it for the answer."""


def arrange(
    parts: Parts,
    question: Question,
    items: Sequence[T],
    hit_of: Callable[[T], Hit],
    trial: Trial | None = None,
) -> list[T]:
    """Things with hits in the order to show them to a person; that they were shown is kept.

    Some neighbours change places, unless two rankings are on trial: that is chance enough. Who asks the same
    again on the same day sees the same.
    """
    if question.origin != "search" or not question.text or not items:
        return list(items)
    rate = 0.0 if trial else min(0.5, max(0.0, parts.settings.search.swaps))
    order = swap(len(items), rate, draw_for(question.text, question.user), KEPT)
    shown = put_in_order(items, order)
    detail: dict[str, object] = {"natural": order[:MAX_PLACES]}
    if trial is not None:
        detail = {"trial": trial.name, "champion": trial.champion, "challenger": trial.challenger}
    hits = [hit_of(one) for one in shown]
    teams = trial.teams if trial else None
    parts.note_shown(as_shown(question.text, question.user, question.origin, hits, detail, teams))
    return shown
