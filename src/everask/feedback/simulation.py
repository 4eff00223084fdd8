"""People who click, made up: what tests and benchmarks are run on where there is no click log.

How they look follows the models that are usual (position-based: Richardson et al., WWW 2007; cascade:
Craswell et al., WSDM 2008; trust: Agarwal et al., WWW 2019, with the figures of Vardasbi et al., CIKM 2020).
Real people follow none of them: on 1.2 billion sessions of a large engine what was learned under these models
was no better by its editors' grades (Zou et al., SIGIR 2024). Everything is drawn from a seed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Model = Literal["position", "cascade", "trust"]

_GOES_ON = 0.9
"""Of the cascade: who was not satisfied looks at the next place so often."""
_SATISFIED = 0.7
"""And what was clicked and is as good as can be satisfies so often."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How people look and click. `eta` is the exponent by which they look less at lower places, 0 at all of
    them alike; `noise` how often what is looked at and does not answer is clicked. A cascade has no `eta`."""

    model: Model = "position"
    eta: float = 1.0
    noise: float = 0.1


def click(relevance: Sequence[float], behaviour: Behaviour, draw: random.Random) -> list[int]:
    """The ranks that are clicked, from 0, of a list whose passages are `relevance` (0 to 1) good."""
    if behaviour.model == "cascade":
        return _cascade(relevance, behaviour, draw)
    clicked = []
    for rank, good in enumerate(relevance):
        chance = behaviour.noise + (1 - behaviour.noise) * good
        if behaviour.model == "trust":  # what stands first is clicked because it stands first
            chance = good * (0.98 - (rank + 1) / 100) + (1 - good) * 0.65 / (rank + 1)
        if draw.random() < chance * (1.0 + rank) ** -behaviour.eta:
            clicked.append(rank)
    return clicked


def click_against(relevance: Sequence[float], draw: random.Random) -> list[int]:
    """What an adversary clicks: one of the worst that are shown, wherever it stands."""
    if not relevance:
        return []
    worst = min(relevance)
    return [draw.choice([rank for rank, good in enumerate(relevance) if good == worst])]


def gains(grades: Sequence[float], most: float) -> list[float]:
    """How good passages of these grades are, 0 to 1: their share of the best grade that there is."""
    return [max(0.0, grade) / most for grade in grades]


def _cascade(relevance: Sequence[float], behaviour: Behaviour, draw: random.Random) -> list[int]:
    clicked = []
    for rank, good in enumerate(relevance):
        if draw.random() < behaviour.noise + (1 - behaviour.noise) * good:
            clicked.append(rank)
            if draw.random() < _SATISFIED * good:
                break
        if draw.random() > _GOES_ON:
            break
    return clicked
