"""What people judged, as questions with right and wrong passages: what trains, and what measures it.

One person is one voice: of a question and passage their strongest act counts, and nobody gives more than
twice an equal share of all that is learned from, however much they vote. Where people contradict each other
the question says nothing and is left out; who contradicts the others wherever they judge the same is not
believed where nobody else judged. Knows neither the store nor what is trained.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from everask.feedback.judgements import question_key

LEAST = 0.3
"""The sum of what people say of a passage for a question, from which it counts as right (or wrong)."""
AGREED = 0.5
"""The share of all that was said that must be left when what was said for and against is taken together."""
BESIDE = 0.5
"""A passage is right beside a better one only if more than this share of what was said for that is for it."""
SHARES = 2.0
AGAINST = 0.5
"""Who names other places than others do, in more than this share of the questions that both judged, is not
believed, if as much may be said of so few."""
NEAR = 3
"""Passages: who names one that stands so near to another's names the same place."""
HELD_OUT_ONE_IN = 2
"""Half of the questions measure: few are asked, and a verdict needs as many as learning does."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one person said of one passage for one question, -1 to 1. `unit` is what is held out together."""

    question: str
    passage: int
    document: str
    unit: str
    weight: float
    user: int | None
    event: int


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question with the passages that answer it, and some that do not, as people agree; whose word it is,
    and of which events and documents it was made. `unit` None: its right passages are of several."""

    question: str
    right: tuple[int, ...]
    wrong: tuple[int, ...]
    documents: frozenset[str]
    users: frozenset[int | None]
    events: frozenset[int]
    unit: str | None

    @property
    def key(self) -> str:
        """The same for questions that are written alike."""
        return question_key(self.question)

    @property
    def is_held_out(self) -> bool:
        """Whether it measures, and is never learned from."""
        return self.unit is not None and is_held_out(self.unit)


def is_held_out(unit: str) -> bool:
    """Whether the questions of a document (or chapter) measure; the others train."""
    return zlib.crc32(f"held out {unit}".encode()) % HELD_OUT_ONE_IN == 0


def cap_shares(said: Sequence[Said]) -> list[Said]:
    """The same, of nobody more than twice an equal share of what is left: ten thousand votes of one person
    among twenty are a tenth of all. Of two people nobody can say who is right: all is kept."""
    counts = Counter(one.user for one in said)
    most = _most(list(counts.values()))
    taken: Counter[int | None] = Counter()
    kept = []
    # In an order that nobody chooses.
    for one in sorted(said, key=_drawn):
        if taken[one.user] < most:
            taken[one.user] += 1
            kept.append(one)
    return sorted(kept, key=lambda one: one.event)


def believe(said: Sequence[Said]) -> list[Said]:
    """The same without what was said by people who mostly contradict the others, one after the other, the
    worst first. Where the others do not agree among themselves nobody can say who is right: all is kept."""
    kept, agreed = list(said), _agreement(said)
    while agreed:
        worst = min(agreed, key=lambda one: (agreed[one][0] / agreed[one][1], -agreed[one][1]))
        others = [one for one in kept if one.user != worst]
        among = _agreement(others)
        if not _is_against(*agreed[worst]) or not _agree(among):
            break
        kept, agreed = others, among
    return kept


def _is_against(agreed: int, compared: int) -> bool:
    return agreed / compared + 1 / math.sqrt(compared) < AGAINST


def _agree(counts: Mapping[int | None, tuple[int, int]]) -> bool:
    compared = sum(one for _, one in counts.values())
    return compared > 0 and sum(one for one, _ in counts.values()) >= AGAINST * compared


def _agreement(said: Sequence[Said]) -> dict[int | None, tuple[int, int]]:
    """Of each person in how many questions somebody else names the same place, and how many others judged."""
    by_question: dict[str, dict[int | None, list[Said]]] = defaultdict(lambda: defaultdict(list))
    for one in said:
        if one.weight >= LEAST:
            by_question[question_key(one.question)][one.user].append(one)
    agreed, compared = Counter[int | None](), Counter[int | None]()
    for people in by_question.values():
        for user, own in people.items() if len(people) > 1 else ():
            others = [one for other, theirs in people.items() if other != user for one in theirs]
            compared[user] += 1
            agreed[user] += any(_is_near(one, other) for one in own for other in others)
    return {user: (agreed[user], number) for user, number in compared.items()}


def _is_near(one: Said, other: Said) -> bool:
    return one.document == other.document and abs(one.passage - other.passage) <= NEAR


def _drawn(one: Said) -> tuple[int, int]:
    return zlib.crc32(f"{one.question}/{one.passage}".encode()), one.event


def _most(counts: Sequence[int]) -> int:
    """The largest number for which nobody who is held to it has more than `SHARES` equal shares."""
    if len(counts) <= SHARES:
        return max(counts, default=0)
    share = SHARES / len(counts)
    most = max(counts)
    while True:
        lower = max(1, int(share * sum(min(one, most) for one in counts)))
        if lower >= most:
            return most
        most = lower


def label(said: Iterable[Said]) -> tuple[list[Labelled], int]:
    """Questions with what people agree on, ordered by key; and of how many passages they do not."""
    by_question: dict[str, list[Said]] = defaultdict(list)
    for one in said:
        by_question[question_key(one.question)].append(one)
    found, num_contradicted = [], 0
    for key in sorted(by_question):
        made, contradicted = _label_one(by_question[key])
        num_contradicted += contradicted
        if made is not None:
            found.append(made)
    return found, num_contradicted


def _label_one(said: Sequence[Said]) -> tuple[Labelled | None, int]:
    by_passage: dict[int, dict[int | None, Said]] = defaultdict(dict)
    for one in said:
        known = by_passage[one.passage].get(one.user)
        if known is None or abs(one.weight) > abs(known.weight):
            by_passage[one.passage][one.user] = one
    sums: dict[int, float] = {}
    contradicted = 0
    for passage, voices in by_passage.items():
        weights = [one.weight for one in voices.values()]
        if abs(sum(weights)) < AGREED * sum(map(abs, weights)):
            contradicted += 1
        else:
            sums[passage] = sum(weights)
    best = max(sums.values(), default=0.0)
    right = tuple(one for one, total in sums.items() if total >= LEAST and total > BESIDE * best)
    wrong = tuple(one for one, total in sums.items() if total <= -LEAST)
    if not right and not wrong:
        return None, contradicted
    used = [one for passage in (*right, *wrong) for one in by_passage[passage].values()]
    units = {one.unit for one in used if one.passage in right or not right}
    made = Labelled(
        said[0].question,
        right,
        wrong,
        frozenset(one.document for one in used),
        frozenset(one.user for one in used),
        frozenset(one.event for one in used),
        units.pop() if len(units) == 1 else None,
    )
    return made, contradicted
