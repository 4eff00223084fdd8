"""How much less is clicked of what stands lower, whatever it says: told from small random swaps.

Some neighbours in a list of results change places by chance. What is clicked more above than below, when
chance alone decided which, tells how far down people look. Swaps as in FairPairs (Radlinski and Joachims,
AAAI 2006); the curve by conditional likelihood over what each natural place was clicked at each place where
it was shown, after Agarwal et al. (WSDM 2019). Knows neither the store nor what an act is worth.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

T = TypeVar("T")

LEAST_PROPENSITY = 0.1
"""Weights are clipped at ten: one click far down must not outvote fifty."""
USUAL, DOUBT = 1.0, 0.5
"""What the exponent of the curve is taken to be before anything was clicked, and how unsure that is."""
_STEEPEST = 3.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A shown place: where the search had put it, where it stood, both from 0, and whether it was clicked."""

    natural: int
    rank: int
    clicked: bool


def swap(size: int, rate: float, draw: random.Random, first: int = 0) -> list[int]:
    """The places 0 to `size` in the order to show: neighbours from `first` on change places, each pair with
    probability `rate` (at most 0.5), and none takes part in two swaps."""
    order = list(range(size))
    # Of the two ways to cut a list into pairs one is drawn, so each pair of neighbours has the same chance.
    for place in range(first + draw.randrange(2), size - 1, 2):
        if draw.random() < 2 * rate:
            order[place], order[place + 1] = order[place + 1], order[place]
    return order


def fit_curve(seen: Iterable[Seen]) -> float:
    """The exponent of 1 / (1 + rank) ** exponent, by which people look less at lower places, 0 to 3."""
    shown: Counter[tuple[int, int]] = Counter()
    clicked: Counter[tuple[int, int]] = Counter()
    for one in seen:
        shown[one.natural, one.rank] += 1
        clicked[one.natural, one.rank] += one.clicked
    tried = np.linspace(0.0, _STEEPEST, 121)
    fit = -0.5 * ((tried - USUAL) / DOUBT) ** 2
    for natural in {place for place, _ in shown}:
        ranks = np.array(sorted(rank for place, rank in shown if place == natural))
        counts = np.array([clicked[natural, rank] for rank in ranks.tolist()], float)
        often = np.log([shown[natural, rank] for rank in ranks.tolist()])
        logits = often[None, :] - tried[:, None] * np.log1p(ranks)[None, :]
        fit += (logits - np.logaddexp.reduce(logits, axis=1)[:, None]) @ counts
    return float(tried[int(np.argmax(fit))])


def propensity(rank: int, exponent: float) -> float:
    """How likely a place is looked at, against the first; never below what is clipped."""
    return float(max(LEAST_PROPENSITY, (1.0 + rank) ** -exponent))


def put_in_order(items: Sequence[T], order: Sequence[int]) -> list[T]:
    """Items as `swap` says."""
    return [items[place] for place in order]


def count_clicks(clicks: Mapping[int, bool], order: Sequence[int]) -> list[Seen]:
    """What a list of one person says of places: `clicks` by the place shown."""
    return [Seen(natural, rank, clicks.get(rank, False)) for rank, natural in enumerate(order)]
