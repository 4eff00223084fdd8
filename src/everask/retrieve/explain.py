"""Why a passage was found where it was: the parts of its score, each with its reason in a few words."""

from __future__ import annotations

from collections import Counter

import numpy as np

from everask.text import holds
from everask.types import Passage, Query, Reason

_SHOWN = 4


def explain(
    query: Query, passage: Passage, parts: dict[str, float], cosine: float, marks: tuple[tuple[int, int], ...]
) -> tuple[Reason, ...]:
    """The reasons for a hit; their scores add up to its score."""
    moved = parts["moved"]
    is_own = query.language in ("und", passage.language)
    language = "any language" if query.language == "und" else "own language" if is_own else "another language"
    if moved:
        language += ", and the same was found in another" if is_own else ", after the same in the own one"
    remembered = parts["memory"]
    judged = "answered a question like this before" if remembered > 0 else "did not answer one like this"
    return (
        Reason("words", parts["words"], _words(passage, marks, is_own) + _quoted(query, passage)),
        Reason("meaning", parts["meaning"], "no vector yet" if np.isnan(cosine) else f"cosine {cosine:.2f}"),
        Reason("language", parts["language"] + moved, language),
        *([Reason("memory", remembered, judged)] if remembered else []),
    )


def _quoted(query: Query, passage: Passage) -> str:
    """Which of the words in quotation marks of a question stand in a passage as they are there."""
    texts = (passage.indexed, *passage.headings)
    return "".join(f", “{one}”" for one in query.preferred if any(holds(text, one) for text in texts))


def _words(passage: Passage, marks: tuple[tuple[int, int], ...], is_own: bool) -> str:
    """The query's words that stand in a passage, with how often."""
    counts = Counter(passage.text[start:end].casefold() for start, end in marks)
    shown = [f"'{word}' ×{times}" for word, times in counts.most_common(_SHOWN)]
    more = len(counts) - len(shown)
    credited = "" if is_own else ", credited what chance gives one in the own language"
    return ", ".join([*shown, *([f"{more} more"] if more > 0 else [])]) or f"none in the text{credited}"
