"""A follow-up question made whole: its words by what was said before, its limits by what was typed before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

from everask.dialogue import MAX_TURNS, follows_on, stand_alone
from everask.errors import ModelError
from everask.generator import Generator
from everask.retrieve import understand
from everask.types import Filters, Turn, Understood

NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Whole:
    """A question that stands alone, as it is understood; `rewritten` is its text where it was completed."""

    understood: Understood
    rewritten: str = ""


def complete(
    understood: Understood,
    history: Sequence[Turn],
    find_generator: Callable[[], Generator | None],
    cancelled: Callable[[], bool] | None = None,
) -> Whole:
    """The question as it stands alone after `history` (oldest first), within the limits that were typed for
    what it follows, unless it has its own."""
    turns, limits = _said(history[-MAX_TURNS:])
    if not turns or not understood.text or not follows_on(understood.text, turns):
        return Whole(understood)
    text = stand_alone(understood.text, turns, _found(find_generator), cancelled)
    made = replace(understood, text=text, filters=_within(understood.filters, limits[-1]))
    return Whole(made, text if text != understood.text else "")


def _said(history: Sequence[Turn]) -> tuple[list[Turn], list[Filters]]:
    """What was said, without what was typed as limits; and after each turn, the limits in force."""
    turns: list[Turn] = []
    limits: list[Filters] = []
    for turn in history:
        understood = understand(turn.question, is_question=True)
        if not understood.text:
            continue
        before = limits[-1] if turns and follows_on(understood.text, turns) else NO_FILTERS
        limits.append(_within(understood.filters, before))
        turns.append(Turn(understood.text, turn.answer))
    return turns, limits


def _within(own: Filters, before: Filters) -> Filters:
    """Limits, with those from before that this question does not set itself."""
    unset = {one.name for one in fields(Filters) if not getattr(own, one.name)}
    return replace(own, **{name: getattr(before, name) for name in unset})


def _found(find_generator: Callable[[], Generator | None]) -> Generator | None:
    """The model, where it can be had: what writes the answer says why not."""
    try:
        return find_generator()
    except ModelError:
        return None
