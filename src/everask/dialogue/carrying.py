"""Completes a follow-up without a model: with the words of the last question that it leaves out.

What was said stays as it was typed; the words that are carried over follow it in brackets. Nothing is made
up.
"""

from __future__ import annotations

import re

from everask.dialogue.cues import cues_of
from everask.dialogue.leaning import naming_words
from everask.text import analyse_query

MAX_CARRIED = 8
"""Words that are carried over; those nearest to the question before come first."""
_COMPLETED = re.compile(r"(?P<typed>.+) \((?P<carried>[^()]+)\)")


def carry_over(text: str, before: str, language: str) -> str:
    """`text`, and the words that name something in the question `before` and not in it.

    `before` is a question that stands alone: completed in its turn, if it leaned on others.
    """
    source = _carried_from(text, before, language)
    own = set(analyse_query(text, language))
    kept: list[tuple[int, int]] = []
    said: set[str] = set()
    for start, end in naming_words(source, language):
        tokens = analyse_query(source[start:end], language)[:1]
        if not own.issuperset(tokens) and not said.issuperset(tokens):
            said.update(tokens)
            kept.append((start, end))
    return f"{text} ({_joined(source, kept[:MAX_CARRIED])})" if kept else text


def _carried_from(text: str, before: str, language: str) -> str:
    """The part of the question before that is carried. "And for teachers?" takes the place of "And for
    students?": what that carried is carried again, without the students."""
    opening = cues_of(language).opening
    found = _COMPLETED.fullmatch(before)
    if found and opening.search(text.lower()) and opening.search(found["typed"].lower()):
        return found["carried"]
    return before


def _joined(text: str, spans: list[tuple[int, int]]) -> str:
    """The words of a text, with a space between those that do not follow one another without one."""
    parts: list[str] = []
    position = -1
    for start, end in spans:
        parts.append(text[start:end] if start == position or not parts else f" {text[start:end]}")
        position = end
    return "".join(parts)
