"""Ranking again: what answers comes first, scores still fall, what there was no time for keeps its place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from everask.encoder.question import Reading
from everask.rank import RankSettings, rank
from everask.types import DocumentInfo, Hit, Passage, Query

SETTINGS = RankSettings(num_hits=4, fused_weight=0.5)


class Known:
    """Says what was written down; None for what was not."""

    def __init__(self, logits: dict[str, float]) -> None:
        self.logits = logits
        self.asked: list[str] = []

    def ask(
        self, question: str, texts: Sequence[str], /, *, seconds: float | None = None
    ) -> list[Reading | None]:
        self.asked += texts
        none = np.zeros(0, np.float32)
        return [
            Reading(self.logits[text], 0.5, none, none, none, ()) if text in self.logits else None
            for text in texts
        ]


def hits(*texts: str) -> list[Hit]:
    info = DocumentInfo("d", "d", "file:///d", "", "text/plain", "en", 0, 0, len(texts))
    return [
        Hit(Passage(at, "d", at, 0, len(text), text, text, "en"), info, 1 - at / 10, {"dense": 0.5})
        for at, text in enumerate(texts)
    ]


def test_what_answers_comes_first() -> None:
    found = hits("a", "b", "c", "d", "e")
    ranked = rank(Query("Which?", "en"), found, Known({"a": -3, "b": 0, "c": 4, "d": -3}), SETTINGS)
    assert [hit.passage.text for hit in ranked] == ["c", "b", "a", "d", "e"]
    assert [hit.score for hit in ranked] == [hit.score for hit in found]
    assert ranked[0].channels == {"dense": 0.5, "ranker": 0.5}
    assert ranked[4] is found[4]


def test_the_search_decides_among_equals() -> None:
    found = hits("a", "b", "c")
    ranked = rank(Query("Which?", "en"), found, Known(dict.fromkeys("abc", 1.0)), SETTINGS)
    assert [hit.passage.text for hit in ranked] == ["a", "b", "c"]


def test_without_time_nothing_moves() -> None:
    found = hits("a", "b", "c")
    assert rank(Query("Which?", "en"), found, Known({}), SETTINGS) == found
    some = rank(Query("Which?", "en"), found, Known({"b": 3.0}), SETTINGS)
    assert {hit.passage.text for hit in some} == {"a", "b", "c"}


def test_little_to_rank_is_left() -> None:
    asker = Known({"a": 1})
    assert rank(Query("Which?", "en"), [], asker, SETTINGS) == []
    assert rank(Query("Which?", "en"), hits("a"), asker, SETTINGS) == hits("a")
    assert rank(Query(" ", "en"), hits("a", "b"), asker, SETTINGS) == hits("a", "b")
    assert asker.asked == []


def test_headings_are_read_with_the_text() -> None:
    passage = Passage(1, "d", 0, 0, 4, "Text", "Text", "en", ("Manual", "Part", "Chapter"))
    assert passage.asked == "Part > Chapter\nText"
    assert passage.asked[len(passage.head) :] == passage.text
