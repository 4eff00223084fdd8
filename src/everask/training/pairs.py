"""Fits how much words, meaning and language count in search, to pairs of passages of which one was
preferred.

Four numbers: what each part of the shipped fusion counts, and how much it counts to be like the first hits.
All weights of the fusion set free learned less from as many clicks, on every set that was tried
(docs/benchmarks.md). Logistic loss on the pairs' differences (Burges et al., ICML 2005), held to what is
there before, so that a few pairs change little. People who contradict what all say together are left out of
a second fit. Convex, so Newton's method gets there in a few steps. Knows numbers only.

Shapes: P pairs, K parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PARTS = ("words", "meaning", "language", "alike")
SHIPPED = (1.0, 1.0, 1.0, 0.0)
SCALE = 13.0
"""Scores are in units of a cosine; of two passages, the one that is nearer by 0.3 is 50 times as likely."""
PULL = 0.005
FEW = 200.0
"""Pairs' worth, in units of a click that everybody sees: with as much, what was learned counts half."""
MOST = 4.0
"""No part counts more than so many times what it did, nor less than nothing: only what was shown is compared,
and among that what is right may well be less like the rest than all that was not shown."""
AGAINST = 0.5
"""Who prefers against what all say together, in more of their pairs than this, is not believed."""
_STEPS = 50
_SMALL = 1e-9


@dataclass(frozen=True, slots=True)
class Pairs:
    """What the better passage has more than the worse, by part (P, K); what each pair counts (P,); and who
    said it (P,)."""

    more_pk: Floats
    weights_p: Floats
    people_p: NDArray[np.int64]


def fit_parts(
    pairs: Pairs, start: Sequence[float] = SHIPPED, pull: float = PULL, *, guarded: bool = True
) -> Floats:
    """What each part counts (K,); `start` where nothing is said. Unguarded, everybody is believed."""
    start_k = np.array(start, float)
    if not len(pairs.weights_p) or pairs.weights_p.sum() <= 0:
        return start_k
    first_k = _fit(pairs, pairs.weights_p, start_k, pull)
    trusted_p = pairs.weights_p * trust(pairs, first_k) if guarded else pairs.weights_p
    return first_k if not trusted_p.any() else _fit(pairs, trusted_p, start_k, pull)


def trust(pairs: Pairs, parts_k: Floats) -> Floats:
    """1 for the pairs of people who mostly agree with what was fitted, 0 for those of others (P,)."""
    right_p = (pairs.more_pk @ parts_k > 0).astype(float)
    people, of_p = np.unique(pairs.people_p, return_inverse=True)
    said = np.bincount(of_p, pairs.weights_p, len(people))
    agreed = np.bincount(of_p, pairs.weights_p * right_p, len(people))
    squares = np.bincount(of_p, pairs.weights_p**2, len(people))
    share = agreed / np.maximum(said, _SMALL)
    doubt = 0.5 * np.sqrt(squares) / np.maximum(said, _SMALL)
    return np.asarray((share + doubt >= AGAINST).astype(float)[of_p])


def agreement(pairs: Pairs, parts_k: Floats) -> float:
    """The share of what was said that these parts agree with."""
    total = pairs.weights_p.sum()
    return float(pairs.weights_p @ (pairs.more_pk @ parts_k > 0) / total) if total > 0 else 0.0


def _fit(pairs: Pairs, weights_p: Floats, start_k: Floats, pull: float) -> Floats:
    total = weights_p.sum()
    share_p = weights_p / total
    # A few pairs are no reason to change much: the fewer, the stronger the pull.
    pull_k = np.full(len(start_k), pull * (1 + FEW / total))
    spread_k = np.sqrt(share_p @ pairs.more_pk**2)
    used_k = spread_k > 1e-6
    more_pk = SCALE * pairs.more_pk[:, used_k]
    scale_k = SCALE * spread_k[used_k]
    parts_k, held_k = start_k[used_k].copy(), start_k[used_k]
    strength_k = 2 * pull_k[used_k] * scale_k**2

    def loss(parts: Floats) -> float:
        return float(share_p @ np.logaddexp(0, -more_pk @ parts) + 0.5 * strength_k @ (parts - held_k) ** 2)

    value = loss(parts_k)
    for _ in range(_STEPS):
        wrong_p = 0.5 * (1 - np.tanh(more_pk @ parts_k / 2))
        slope_k = -more_pk.T @ (share_p * wrong_p) + strength_k * (parts_k - held_k)
        curve_kk = (more_pk * (share_p * wrong_p * (1 - wrong_p))[:, None]).T @ more_pk
        move_k = np.linalg.solve(curve_kk + np.diag(strength_k + _SMALL), slope_k)
        length = 1.0
        while (new := loss(parts_k - length * move_k)) > value and length > 1e-4:
            length /= 2
        if new >= value - _SMALL:
            break
        parts_k, value = parts_k - length * move_k, new
    made_k = start_k.copy()
    made_k[used_k] = np.clip(parts_k, 0.0, MOST)
    return made_k


def spread(scores: Sequence[Floats]) -> float:
    """How far apart the scores of a question's candidates are, on average."""
    return float(np.mean([one.std() for one in scores])) if scores else 0.0
