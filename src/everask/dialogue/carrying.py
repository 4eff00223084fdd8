"""Completes a follow-up without a model: with the words of the last question that it leaves out.

What was said stays as it was typed; the words that are carried over follow it. Nothing is made up.
"""

from __future__ import annotations

from everask.dialogue.leaning import naming_words
from everask.text import analyse_query

MAX_CARRIED = 8
"""Words that are carried over; those nearest to the question before come first."""


def carry_over(text: str, before: str, language: str) -> str:
    """`text`, and the words that name something in the question `before` and not in it.

    `before` is a question that stands alone: completed in its turn, if it leaned on others.
    """
    own = set(analyse_query(text, language))
    kept: list[tuple[int, int]] = []
    said: set[str] = set()
    for start, end in naming_words(before, language):
        tokens = analyse_query(before[start:end], language)[:1]
        if not own.issuperset(tokens) and not said.issuperset(tokens):
            said.update(tokens)
            kept.append((start, end))
    return f"{text} ({_joined(before, kept[:MAX_CARRIED])})" if kept else text


def _joined(text: str, spans: list[tuple[int, int]]) -> str:
    """The words of a text, with a space between those that do not follow one another without one."""
    parts: list[str] = []
    position = -1
    for start, end in spans:
        parts.append(text[start:end] if start == position or not parts else f" {text[start:end]}")
        position = end
    return "".join(parts)
