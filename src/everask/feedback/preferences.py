"""From what was shown and what people did with it to preferences: this passage before that for a question.

A click says that the passage is better than the others of the list that were not clicked, not that it is
good, and weighs more where people look less (Joachims, Swaminathan and Schnabel, WSDM 2017). Compared with
what was skipped above alone, as is often done, it says the opposite of every order that is shown: what was
learned from that turned lists round (docs/benchmarks.md). A vote or a correction is about one passage,
wherever it stood, and says what its weight says (judgements.py). A person says of two passages for a
question one thing, and no person more than `PERSON` usual ones: ten thousand votes of one are one opinion.
Knows neither the store nor features.
"""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from everask.feedback.judgements import question_key
from everask.feedback.positions import propensity

PERSON = 3.0
"""Nobody weighs more than so many times what the usual person does."""
LOOKED_AT = 0.3
"""Acts of less weight are clicks: they depend on where a passage stood."""
FEW = 10
"""So many of a person's last lists for a question an act may have come of."""
WITHIN = 86_400.0
"""Seconds after a list was shown in which what is done with its passages is taken to come of it."""


@dataclass(frozen=True, slots=True)
class Impression:
    """A list that somebody was shown, best first: passages, and the place that search had given each. `user`
    None is the owner."""

    id: int
    question: str
    user: int | None
    at: float
    passages: Sequence[int]
    natural: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """That a person did something with a passage for a question: `weight` from -1 to 1, as a judgement's.

    `beside` the first source, which stood open: whether that was good is not told by a click.
    """

    question: str
    passage: int
    weight: float
    user: int | None
    at: float
    event: int = 0
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Preference:
    """For a question one passage before another: `worth` of the act above 0, `propensity` of having seen it.

    It counts `worth` / `propensity`. `event` is what it comes of.
    """

    question: str
    better: int
    worse: int
    worth: float
    propensity: float
    user: int | None
    at: float
    event: int = 0

    @property
    def weight(self) -> float:
        """What it counts, before people are held to their share."""
        return self.worth / self.propensity


def join(impressions: Iterable[Impression], acts: Iterable[Act]) -> list[tuple[Impression, list[Act]]]:
    """Impressions with the acts that came of them: of each act the person's latest list for the question
    before it. An act that comes of none has an empty list of its own."""
    shown: dict[tuple[int | None, str], list[Impression]] = defaultdict(list)
    for one in sorted(impressions, key=lambda one: one.at):
        shown[one.user, question_key(one.question)].append(one)
    came: dict[int, tuple[Impression, list[Act]]] = {}
    times: dict[tuple[int | None, str], list[float]] = {}
    alone: list[tuple[Impression, list[Act]]] = []
    for key, lists in shown.items():
        came |= {one.id: (one, []) for one in lists}
        times[key] = [one.at for one in lists]
    for act in acts:
        key = act.user, question_key(act.question)
        last = bisect_right(times.get(key, []), act.at)
        before = (
            [one for one in shown[key][max(0, last - FEW) : last] if one.at >= act.at - WITHIN]
            if last
            else []
        )
        held = [one for one in before if act.passage in one.passages] or before
        if held:
            came[held[-1].id][1].append(act)
        else:
            alone.append((Impression(0, act.question, act.user, act.at, ()), [act]))
    return [*came.values(), *alone]


def prefer(joined: Iterable[tuple[Impression, Sequence[Act]]], exponent: float = 0.0) -> list[Preference]:
    """What the lists say, each person of two passages for a question once, the strongest act, then the last.

    `exponent` is that of how people look (positions.py); 0 takes them to see everything.
    """
    strongest: dict[tuple[int | None, str, int, int], Preference] = {}
    for impression, acts in joined:
        key = question_key(impression.question)
        for one in _of_list(impression, acts, exponent):
            pair = (one.user, key, one.better, one.worse)
            known = strongest.get(pair)
            # By what was done, and not by its weight: else those that chance put far down would be chosen.
            if known is None or one.worth >= known.worth:
                strongest[pair] = one
    return list(strongest.values())


def shares(preferences: Sequence[Preference]) -> list[float]:
    """What each counts once nobody counts more than `PERSON` times what the usual person does."""
    totals: dict[int | None, float] = defaultdict(float)
    for one in preferences:
        totals[one.user] += one.weight
    if not totals:
        return []
    most = PERSON * statistics.median_low(totals.values())
    return [one.weight * min(1.0, most / max(totals[one.user], 1e-9)) for one in preferences]


def _of_list(impression: Impression, acts: Sequence[Act], exponent: float) -> Iterator[Preference]:
    said: dict[int, Act] = {}
    for act in acts:
        known = said.get(act.passage)
        if known is None or abs(act.weight) >= abs(known.weight):
            said[act.passage] = act
    ranks: Mapping[int, int] = {passage: rank for rank, passage in enumerate(impression.passages)}
    for act in said.values():
        rank = ranks.get(act.passage)
        is_click = 0 < act.weight < LOOKED_AT and rank is not None
        chance = propensity(rank, exponent) if is_click and rank is not None else 1.0
        others = impression.passages[1:] if is_click and act.beside else impression.passages
        for other in others if act.weight else ():
            known = said.get(other)
            if other == act.passage or (known is not None and known.weight * act.weight > 0):
                continue  # both are said to answer, or neither
            pair = (act.passage, other) if act.weight > 0 else (other, act.passage)
            yield Preference(act.question, *pair, abs(act.weight), chance, act.user, act.at, act.event)
