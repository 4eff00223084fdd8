"""Searching again, where what was found does not answer: other words for the question, and more passages.

Four ways, all without a model: the words of the question that tell most; with them the names that the best
sentence brought up (a second hop); passages in other languages; and further down the first list. What is new
is read beside what was read. When to do so is not decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from everask.read import cues
from everask.text import analyse_query, words
from everask.text.telling import weigh
from everask.types import Evidence, Hit, Query

Way = Literal["key terms", "onward", "languages", "wider"]
Search = Callable[[Query, int], list[Hit]]
"""The best passages for a query, so many of them."""

WAYS: tuple[Way, ...] = ("key terms", "onward", "languages", "wider")
WIDE = 40
"""Hits of the first search that are looked through for those in other languages."""
_TELLING = 0.5
"""A word of the question weighs so much to be a key term."""
_MOST_NAMES = 3


def key_terms(query: Query) -> str:
    """The question's words that tell most, in their order; empty where that is all of them or none."""
    spans = words(query.text, query.language)
    kept = [(start, end) for start, end in spans if _weight(query.text[start:end], query.language) > _TELLING]
    if not kept or len(kept) == len(spans):
        return ""
    return " ".join(query.text[start:end] for start, end in kept)


def onward(query: Query, evidence: Sequence[Evidence]) -> str:
    """The key terms with the names of the best sentences that the question lacks; empty without such."""
    asked = query.text.casefold()
    found: dict[str, None] = {}
    for one in evidence[:2]:
        context = f"{' '.join(one.hit.passage.headings[-1:])} {one.text}"
        found.update(dict.fromkeys(name for name in sorted(cues.names(context)) if name not in asked))
    names = list(found)[:_MOST_NAMES]
    return f"{key_terms(query) or query.text} {' '.join(names)}" if names else ""


def search_again(
    search: Search, query: Query, hits: Sequence[Hit], evidence: Sequence[Evidence], num: int
) -> dict[Way, list[Hit]]:
    """Per way, at most `num` passages that are not among `hits`, best first; `hits` were read."""
    wide = search(query, WIDE)
    found: dict[Way, list[Hit]] = {
        "languages": [one for one in wide if one.passage.language != query.language],
        "wider": wide,
    }
    asked: dict[Way, str] = {"key terms": key_terms(query), "onward": onward(query, evidence)}
    for way, text in asked.items():
        other = replace(query, text=text, spelled="")
        found[way] = search(other, num + len(hits)) if text else []
    read = {one.passage.id for one in hits}
    return {way: [one for one in found[way] if one.passage.id not in read][:num] for way in WAYS}


def merge(found: Mapping[Way, Sequence[Hit]], num: int) -> list[Hit]:
    """The first of every way in turn, each passage once, at most `num`."""
    merged: dict[int, Hit] = {}
    for place in range(max(map(len, found.values()), default=0)):
        for hits in found.values():
            if place < len(hits) and len(merged) < num:
                merged.setdefault(hits[place].passage.id, hits[place])
    return list(merged.values())


def _weight(word: str, language: str) -> float:
    return max(weigh(analyse_query(word, language)).values(), default=0.0)
