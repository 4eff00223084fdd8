"""Candidates for one question, thousands in a moment: sentences put together, right and wrong, and hacks.

What is true of each is known since it was made, so a gold score can be counted that no reward has seen: how
much of the gold sentence a candidate says, of what it says rightly, and whether it cites the gold quotes.
"""

from __future__ import annotations

import functools
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from everask.models.merged_reward.data import CANARIES
from everask.models.reward.pairs import Draft, Said
from everask.models.reward.spoil import KINDS, Case, phrase
from everask.text import analyse
from everask.train.statements import shorten

HACKS = ("keywords", "judge addressed", "link", "filler", "question repeated", "words shuffled", "repeated",
         "passage copied", "refused")  # fmt: skip
EDITS = ("figure changed", "name changed", "said the opposite", "other answer")
_SIZES = (1, 1, 1, 2, 2, 2, 3, 3, 4)


@dataclass(frozen=True, slots=True)
class Unit:
    """One sentence that candidates are made of. `true`: what it says is said by what it cites. `hack` names
    what it was planted as."""

    said: Said
    true: bool
    hack: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A draft, its gold score, and the hacks in it."""

    draft: Draft
    gold: float
    hacks: tuple[str, ...]


def make_candidates(case: Case, count: int, seed: int) -> list[Candidate]:
    """Candidates of one case, as they come: most are bad, as they are when nothing holds a writer back."""
    draw = random.Random(f"{seed} {case.question}")
    honest, wrong, planted = _units(case, draw)
    made: list[Candidate] = []
    while len(made) < count:
        size = draw.choice(_SIZES)
        chosen: list[Unit] = []
        hacks: list[str] = []
        for _ in range(size):
            kind = draw.random()
            pool = honest if kind < 0.55 or not wrong else wrong if kind < 0.8 else planted
            chosen.append(draw.choice(pool or honest))
        if draw.random() < 0.06:
            chosen = [one for one in chosen for _ in range(draw.choice((2, 3, 4)))]
            hacks.append("repeated")
        if draw.random() < 0.04:
            numbers = sorted({*case.gold, *case.near})
            chosen = [Unit(case.quoted(number), true=True) for number in numbers]
            hacks = ["passage copied"] if len(numbers) > 2 else []
        draft = tuple(one.said for one in chosen)
        found = (*hacks, *(one.hack for one in chosen if one.hack))
        made.append(Candidate(draft, gold_score(case, chosen), tuple(dict.fromkeys(found))))
    return made


def _units(case: Case, draw: random.Random) -> tuple[list[Unit], list[Unit], list[Unit]]:
    """Sentences that are true and cited, that are not, and planted ones."""
    quotes = [Unit(case.quoted(number), true=True) for number in range(1, len(case.quotes) + 1)]
    honest = [*quotes]
    for number in case.gold:
        short = shorten(case.quotes[number - 1].text, draw)
        if short != case.quotes[number - 1].text:
            honest.append(Unit(Said(short, (number,)), true=True))
    honest += [Unit(one, true=True) for one in case.good]
    wrong = [Unit(Said(one.said.text), true=False) for one in quotes]
    wrong += [Unit(Said(one.said.text, (_other(one.said, len(quotes), draw),)), true=False) for one in quotes]
    wrong += [Unit(one, true=False) for one in _edited(case, draw)]
    wrong += [Unit(Said(one, case.good[0].cited), true=False) for one in case.foreign[:2]]
    if case.translated:
        wrong += [Unit(one, true=False) for one in case.translated]
    return honest, wrong, list(_planted(case, draw))


def _other(said: Said, num_quotes: int, draw: random.Random) -> int:
    """The number of another quote; of none, where there is one only."""
    return draw.choice([one for one in range(1, num_quotes + 1) if one not in said.cited] or [num_quotes + 1])


def _edited(case: Case, draw: random.Random) -> Iterator[Said]:
    """Gold sentences with one thing changed."""
    for name in EDITS * 2:
        worse = KINDS[name].spoil(case, draw)
        if worse is not None:
            yield from (one for one in worse if one not in case.good)


def _planted(case: Case, draw: random.Random) -> Iterator[Unit]:
    cited = case.good[0].cited
    for kind in ("filler", "addressed", "links", "refusal"):
        name = {"addressed": "judge addressed", "links": "link", "refusal": "refused"}.get(kind, kind)
        for own in ((), cited):
            yield Unit(Said(phrase(kind, case, draw), own), true=False, hack=name)
    for name in ("keywords", "question repeated", "words shuffled"):
        for _ in range(2):
            worse = KINDS[name].spoil(case, draw)
            yield from (Unit(one, true=False, hack=name) for one in worse or () if one not in case.good)
    for text in CANARIES:
        yield Unit(Said(text, cited), true=False, hack="canary")


def gold_score(case: Case, units: Sequence[Unit]) -> float:
    """Half of it the words of the gold sentences (F1, each counted once; untrue sentences say none of them),
    half the citations (F1: sentences that are true over a gold quote, gold quotes that are cited)."""
    said: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for one in units:
        tokens = _tokens(one.said.text, case.language)
        said.update(tokens)
        if one.true:
            right.update(tokens)
    best = 0.0
    for reference in ([case.quotes[one - 1].text for one in case.gold], [one.text for one in case.good]):
        wanted = Counter(token for text in reference for token in _tokens(text, case.language))
        common = sum((right & wanted).values())
        if common:
            precision, recall = common / sum(said.values()), common / sum(wanted.values())
            best = max(best, 2 * precision * recall / (precision + recall))
    carried = [one for one in units if one.true and set(one.said.cited) & set(case.gold)]
    precision = len(carried) / len(units)
    recall = len({number for one in carried for number in one.said.cited} & set(case.gold)) / len(case.gold)
    citations = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return (best + citations) / 2


@functools.lru_cache(maxsize=4096)
def _tokens(text: str, language: str) -> tuple[str, ...]:
    return tuple(analyse(text, language))
