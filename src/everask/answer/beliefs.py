"""What is known of each quote's chance to be the one that answers, before any draft is looked at.

The reader has read the passages whole when they were found: there a sentence that only continues another one
is understood, which alone it is not. A question of several sentences asks for several things, so each is read
for itself. What the numbers are worth is the merged reward's (models/merged_reward: BELIEFS).

Shapes: P parts of the question, E quotes, B numbers of a quote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from everask.answer.draft_readings import DraftReader, Inner
from everask.models.merged_reward.model import BELIEFS
from everask.text import analyse, analyse_query, sentences
from everask.text.telling import weigh
from everask.types import Evidence, Query

Floats = NDArray[np.float32]
_LEAST_CHARS = 4
_MOST_PARTS = 4
_MOST = 10.0


def parts_of(query: Query) -> tuple[str, ...]:
    """The sentences of a question that asks for several things; else the question."""
    text = query.text
    found = [text[start:end].strip() for start, end in sentences(text, query.language)]
    parts = tuple(one for one in found if len(one) >= _LEAST_CHARS)
    return parts if 1 < len(parts) <= _MOST_PARTS else (text,)


def read_beliefs(query: Query, evidence: Sequence[Evidence], reader: DraftReader) -> Floats:
    """(P, E, B) the numbers of BELIEFS for every part of the question and every quote."""
    places = [_place(one) for one in evidence]
    return np.array([_part(part, query, evidence, places, reader) for part in parts_of(query)], np.float32)


def _part(
    part: str, query: Query, evidence: Sequence[Evidence], places: Sequence[Inner], reader: DraftReader
) -> list[list[float]]:
    words = weigh(analyse_query(part, query.language))
    inside = reader.inside(part, places)
    alone = reader.answering(part, [one.text for one in evidence])
    rows: list[list[float]] = []
    for one, within, bare in zip(evidence, inside, alone, strict=True):
        passage = one.hit.passage
        is_own = passage.language == query.language
        known = {
            "held": within.held,
            "span": within.margin,
            "passage answers": within.logit,
            "answers": bare.logit,
            "span alone": bare.margin,
            "covered": _coverage(words, one.text, passage.language) if is_own else 0.0,
            "covered around": _coverage(words, passage.text, passage.language) if is_own else 0.0,
        }
        rows.append([float(np.clip(known[name], -_MOST, _MOST)) for name in BELIEFS])
    return rows


def _place(one: Evidence) -> Inner:
    """Where a quote stands in what the reader was asked of; of a table, whose places differ, the quote."""
    passage = one.hit.passage
    start = one.start - passage.start
    if passage.kind == "table" or passage.text[start : start + len(one.text)] != one.text:
        return one.text, 0, len(one.text)
    start += len(passage.head)
    return passage.asked, start, start + len(one.text)


def _coverage(words: Mapping[str, float], text: str, language: str) -> float:
    said = set(analyse(text, language))
    total = sum(words.values())
    return sum(weight for word, weight in words.items() if word in said) / total if total else 0.0
