"""Two rankings of one question shown as one list, and which of them people take more from.

Team-draft interleaving (Radlinski, Kurup and Joachims, CIKM 2008): in each round both pick their best passage
that is not there yet, and chance says who picks first; what is clicked is a point for who picked it. Beside
it an estimate of what each alone would have had clicked, from the same lists (by how much people look at each
place, Li et al., KDD 2018; self-normalised, Swaminathan and Joachims, NIPS 2015): of what neither list showed
it knows nothing. Knows neither the store nor search.
"""

from __future__ import annotations

import itertools
import random
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import comb
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from everask.feedback.positions import USUAL

Team = Literal["champion", "challenger"]
TEAMS: tuple[Team, ...] = ("champion", "challenger")
Verdict = Literal["champion", "challenger", "open"]

PER_PERSON = 50
"""Of one person no more lists count than so many, or than three times what the usual person gave: nobody
decides alone where there are others."""
SURE = 0.05
LEAST = 50
"""Lists with a preference; before there are as many nothing is decided."""
_DEPTH = 10
_ROUNDS = 5
_SAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Drafted:
    """A passage of the list that is shown, and who picked it; None where both rankings agree up to there."""

    passage: int
    team: Team | None


@dataclass(frozen=True, slots=True)
class Trialled:
    """A list that was shown of two rankings, and the ranks that were clicked. `user` None is the owner."""

    user: int | None
    champion: Sequence[int]
    challenger: Sequence[int]
    shown: Sequence[Drafted]
    clicked: frozenset[int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial came to. `delta` is the challenger's share of decided lists less the champion's, -1 to 1,
    with its 95% interval over people; `p` of the two-sided sign test. `clicks_*` are the estimated clicks a
    list of each ranking alone, and `clicks_low`, `clicks_high` the interval of their difference."""

    num_lists: int
    champion: int
    challenger: int
    ties: int
    delta: float
    low: float
    high: float
    p: float
    clicks_champion: float
    clicks_challenger: float
    clicks_low: float
    clicks_high: float

    @property
    def verdict(self) -> Verdict:
        """Who is better, where that is sure."""
        if self.champion + self.challenger < LEAST or self.p > SURE or self.low <= 0 <= self.high:
            return "open"
        return "challenger" if self.delta > 0 else "champion"


def draft(
    champion: Sequence[int], challenger: Sequence[int], size: int, draw: random.Random
) -> list[Drafted]:
    """One list of at most `size` passages of two rankings."""
    return _draft(champion, challenger, size, iter(lambda: draw.random() < 0.5, None))


def points(one: Trialled) -> int:
    """Clicks on what the challenger picked less those on what the champion picked."""
    teams = [one.shown[rank].team for rank in one.clicked if rank < len(one.shown)]
    return teams.count("challenger") - teams.count("champion")


def conclude(trialled: Iterable[Trialled], exponent: float = USUAL, seed: int = 0) -> Outcome:
    """What the lists say; of one person no more count than `PER_PERSON` says. `exponent` is that of how
    people look at lower places (positions.py)."""
    by_person = _held(trialled)
    signs = [[int(np.sign(points(one))) for one in lists] for lists in by_person.values()]
    every = [sign for person in signs for sign in person]
    won, lost = every.count(1), every.count(-1)
    sums = np.array([[person.count(1), person.count(-1)] for person in signs], float).reshape(-1, 2)
    low, high = _interval(sums, seed)
    estimated = np.array([_estimate(lists, exponent) for lists in by_person.values()], float).reshape(-1, 4)
    whole = sum(_look(rank, exponent) for rank in range(_DEPTH))
    ours, theirs = whole * _ratio(estimated[:, :2].sum(0)), whole * _ratio(estimated[:, 2:].sum(0))
    clicks_low, clicks_high = _click_interval(estimated * [whole, 1, whole, 1], seed)
    return Outcome(
        num_lists=len(every),
        champion=lost,
        challenger=won,
        ties=len(every) - won - lost,
        delta=(won - lost) / max(1, won + lost),
        low=low,
        high=high,
        p=sign_test(won, lost),
        clicks_champion=ours,
        clicks_challenger=theirs,
        clicks_low=clicks_low,
        clicks_high=clicks_high,
    )


def sign_test(won: int, lost: int) -> float:
    """Two-sided p of so many wins and losses, if either were as likely."""
    total, less = won + lost, min(won, lost)
    return float(min(1.0, 2 * sum(comb(total, count) for count in range(less + 1)) / 2**total))


def _held(trialled: Iterable[Trialled]) -> dict[int | None, list[Trialled]]:
    """Lists by person, no more of one than count."""
    by_person: dict[int | None, list[Trialled]] = defaultdict(list)
    for one in trialled:
        by_person[one.user].append(one)
    usual = statistics.median_low(map(len, by_person.values())) if by_person else 0
    most = max(PER_PERSON, 3 * usual)
    return {user: lists[:most] for user, lists in by_person.items()}


def _draft(
    champion: Sequence[int], challenger: Sequence[int], size: int, coins: Iterable[bool]
) -> list[Drafted]:
    agreed = list(
        itertools.takewhile(lambda pair: pair[0] == pair[1], zip(champion, challenger, strict=False))
    )
    shown = [Drafted(passage, None) for passage, _ in agreed[:size]]
    taken = {one.passage for one in shown}
    tosses = iter(coins)
    while len(shown) < size:
        picked = False
        first: list[tuple[Team, Sequence[int]]] = [("champion", champion), ("challenger", challenger)]
        for team, ranking in first if next(tosses) else first[::-1]:
            best = next((one for one in ranking if one not in taken), None)
            if best is not None and len(shown) < size:
                shown.append(Drafted(best, team))
                taken.add(best)
                picked = True
        if not picked:
            break
    return shown


def _estimate(lists: Sequence[Trialled], exponent: float) -> tuple[float, ...]:
    """Of one person's lists, for the champion and the challenger: clicks, weighed by how much more a passage
    is looked at in that ranking alone than in what was shown; and the looks that they stand for."""
    found = np.zeros(4)
    for one in lists:
        looks = _looks(one, exponent)
        for at, ranking in ((0, one.champion), (2, one.challenger)):
            alone = {passage: _look(rank, exponent) for rank, passage in enumerate(ranking[:_DEPTH])}
            for rank, drafted in enumerate(one.shown):
                if drafted.passage in alone and looks.get(drafted.passage):
                    weight = alone[drafted.passage] / looks[drafted.passage]
                    found[at] += weight * (rank in one.clicked)
                    found[at + 1] += weight * _look(rank, exponent)
    return tuple(found.tolist())


def _looks(one: Trialled, exponent: float) -> dict[int, float]:
    """How much each passage is looked at, over all that chance could have shown."""
    looks: dict[int, float] = defaultdict(float)
    for coins in itertools.product((False, True), repeat=_ROUNDS):
        endless = itertools.chain(coins, itertools.cycle(coins))
        for rank, drafted in enumerate(_draft(one.champion, one.challenger, len(one.shown), endless)):
            looks[drafted.passage] += 0.5**_ROUNDS * _look(rank, exponent)
    return looks


def _look(rank: int, exponent: float) -> float:
    return float((1.0 + rank) ** -exponent)


def _ratio(sums: NDArray[np.float64]) -> float:
    return float(sums[0] / sums[1]) if sums[1] > 0 else 0.0


def _interval(sums: NDArray[np.float64], seed: int) -> tuple[float, float]:
    """Over people, not over lists: those of one person go together. Of one person, over lists."""
    if not sums.sum():
        return 0.0, 0.0
    if len(sums) == 1:
        won, lost = sums[0]
        total = won + lost
        draws = np.random.default_rng(seed).binomial(int(total), won / total, _SAMPLES) / total
        shares = 2 * draws - 1
    else:
        picked = np.random.default_rng(seed).integers(0, len(sums), (_SAMPLES, len(sums)))
        won, lost = sums[picked].sum(1).T
        shares = (won - lost) / np.maximum(1, won + lost)
    return float(np.quantile(shares, 0.025)), float(np.quantile(shares, 0.975))


def _click_interval(estimated: NDArray[np.float64], seed: int) -> tuple[float, float]:
    if not len(estimated):
        return 0.0, 0.0
    picked = np.random.default_rng(seed).integers(0, len(estimated), (_SAMPLES, len(estimated)))
    sums = estimated[picked].sum(1)
    alone = sums[:, ::2] / np.maximum(sums[:, 1::2], 1e-9)
    differences = alone[:, 1] - alone[:, 0]
    return float(np.quantile(differences, 0.025)), float(np.quantile(differences, 0.975))
