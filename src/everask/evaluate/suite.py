"""A search suite: passages, queries and judgements. Knows no data set, and not how passages are searched."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from everask.evaluate.halves import Half, half_of


@dataclass(frozen=True, slots=True)
class Item:
    """A passage or a query: its text, language and the article that it belongs to."""

    text: str
    language: str
    article: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """One test collection; `judgements` maps a query to the grades of what is judged.

    That is a passage, or the thing that it is a part of: `parts` maps a passage to it, as rows to their
    table. Nothing is tuned on a suite that is `held_out`: it has no half for that.
    """

    name: str
    group: str
    passages: Mapping[str, Item]
    queries: Mapping[str, Item]
    judgements: Mapping[str, Mapping[str, int]]
    parts: Mapping[str, str] = field(default_factory=dict)
    held_out: bool = False

    def half(self, which: Half) -> Suite:
        """The same passages with the queries of one half of the articles."""
        if self.held_out:
            return self if which == "report" else self._keep([])
        return self._keep([key for key, item in self.queries.items() if half_of(item.article) == which])

    def sample(self, size: int, seed: int = 0) -> Suite:
        """At most `size` of the queries, drawn at random."""
        if len(self.queries) <= size:
            return self
        return self._keep(sorted(random.Random(seed).sample(sorted(self.queries), size)))

    def judged(self, run: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
        """A run over passages as one over what is judged: a whole is worth its best part."""
        found: dict[str, dict[str, float]] = {}
        for query, scores in run.items():
            wholes = found.setdefault(query, {})
            for passage, score in scores.items():
                whole = self.parts.get(passage, passage)
                wholes[whole] = max(score, wholes.get(whole, score))
        return found

    def _keep(self, keys: list[str]) -> Suite:
        return replace(
            self,
            queries={key: self.queries[key] for key in keys},
            judgements={key: self.judgements[key] for key in keys},
        )


def pile(
    name: str, group: str, scattered: Suite, queries: Mapping[str, Item], number_of: Mapping[str, str]
) -> Suite:
    """The pool of a suite in which everything stands in one language only, asked in just those languages.

    `number_of` says what answers each query, as the pool's keys have it behind their language.
    """
    right = {key: f"{item.language}-{number_of[key]}" for key, item in queries.items()}
    asked = {key: item for key, item in queries.items() if right[key] in scattered.passages}
    return Suite(name, group, scattered.passages, asked, {key: {right[key]: 1} for key in asked})
