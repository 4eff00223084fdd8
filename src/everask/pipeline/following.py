"""A follow-up question made whole: its words by what was said before, its limits by what was typed before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from everask.dialogue import MAX_TURNS, follows_on, stand_alone
from everask.errors import ModelError
from everask.generator import Generator
from everask.retrieve import typed_limits, understand
from everask.types import Filters, Turn, Understood


@dataclass(frozen=True, slots=True)
class Whole:
    """A question that stands alone, as it is understood; `rewritten` is what one would have to type to ask
    it without the conversation, where that is not what was typed."""

    understood: Understood
    rewritten: str = ""


def complete(
    typed: str,
    understood: Understood,
    history: Sequence[Turn],
    find_generator: Callable[[], Generator | None],
    cancelled: Callable[[], bool] | None = None,
) -> Whole:
    """What was `typed` and `understood` as it stands alone after `history` (oldest first).

    The limits that were typed for what it follows still hold, unless it has its own.
    """
    turns, limits = _said(history[-MAX_TURNS:])
    if not turns or not understood.text or not follows_on(understood.text, turns):
        return Whole(understood)
    text = stand_alone(understood.text, turns, _found(find_generator), cancelled)
    own = typed_limits(typed)
    kept = own or limits[-1]
    filters = understood.filters if own else _within(understood.filters, kept)
    rewritten = f"{text} {kept}".strip()
    changed = text != understood.text or (kept and not own)
    return Whole(replace(understood, text=text, filters=filters), rewritten if changed else "")


def _said(history: Sequence[Turn]) -> tuple[list[Turn], list[str]]:
    """What was said, without what was typed as limits; and the limits in force after each turn."""
    turns: list[Turn] = []
    limits: list[str] = []
    for turn in history:
        text = understand(turn.question, is_question=True).text
        if not text:
            continue
        kept = limits[-1] if turns and follows_on(text, turns) else ""
        limits.append(typed_limits(turn.question) or kept)
        turns.append(Turn(text, turn.answer))
    return turns, limits


def _within(filters: Filters, limits: str) -> Filters:
    """Filters narrowed by limits as they were typed."""
    return understand(limits, filters).filters if limits else filters


def _found(find_generator: Callable[[], Generator | None]) -> Generator | None:
    """The model, where it can be had: what writes the answer says why not."""
    try:
        return find_generator()
    except ModelError:
        return None
