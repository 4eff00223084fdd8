"""Topics as programs and people are told of them."""

from __future__ import annotations

from typing import Any

from everask.index.topics import Topic
from everask.pipeline.wordings import MIN_RIGHT, MIN_WRONG, Learned
from everask.serve.wording import translator


def topic_record(topic: Topic, documents: int) -> dict[str, Any]:
    """A topic for programs."""
    return {
        "id": topic.id,
        "name": topic.name,
        "description": topic.description,
        "wording": topic.wording,
        "groups": None if topic.groups is None else list(topic.groups),
        "documents": documents,
        "made_at": topic.made_at,
        "learned": dict(topic.learned) or None,
    }


def learned_text(learned: Learned, language: str = "en") -> str:
    """What learning came to, in a language of the pages."""
    _ = translator(language)
    if learned.why == "few":
        return _(
            "Too few corrections: {right} more right and {wrong} more wrong ones are needed.",
            right=max(0, MIN_RIGHT - learned.right),
            wrong=max(0, MIN_WRONG - learned.wrong),
        )
    figures = _(
        "On {held} corrections that it did not see: {before} right before, {after} after.",
        held=learned.held,
        before=learned.hits_before,
        after=learned.hits_after,
    )
    if learned.why == "better":
        return _("The wording is now “{wording}”.", wording=learned.after) + " " + figures
    return _("No other wording fits better: it stays as it is.") + " " + figures
