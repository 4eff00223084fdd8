"""Topics from vectors alone: what a description is near to, moved by the pile and by corrections.

Nothing here is trained: the encoder is frozen; a learned projection over it was worse than none (card.md).
Shapes: N texts, K topics, D dimensions; rows are of length 1 unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from everask.encoder.unit import unit
from everask.evaluate.calibration import logistic_weights

Vectors = NDArray[np.float32]
Column = NDArray[np.float64]

NUM_NEAREST = 10
"""Texts of the pile that a topic moves to, as far as its own wording."""
RIVALRY = 0.5
"""What a text loses of its score for a topic by the best of the others."""
SAME = 0.8
"""The cosine of topics from which on they are no rivals but two wordings of one thing."""
LEAST_SPREAD = 0.5
CORRECTED = 2.0
"""The mean of corrected texts counts so many times the wording, once there are several of them."""
SETTLED = 2.0
SHARPNESS = 0.05
STEPS = 3
MANY = 50
"""Labels of a class from which on a classifier of its own knows better."""

FEW = 20
"""Texts of nothing that stand beside those of a pile: they matter while it is small."""
ELSEWHERE = 0.1
"""The spread of cosines between texts and topics that have nothing to do with each other."""

_FLOOR = 0.05  # of a variance in units of the spread of all scores: no peak of a few texts alone
_FIRST = 5  # texts that a topic is first thought to have
_ROUNDS = 30
_NEWTON_STEPS = 25
_FREE = 1e-6  # the penalty of a constant


def without_prior(scores_nk: Vectors) -> Vectors:
    """Scores without each topic's mean over the pile: what is said in every text tells none apart."""
    return np.asarray(scores_nk - scores_nk.mean(axis=0), np.float32)


def spread(scores_nk: Vectors) -> Vectors:
    """The same in units of each topic's spread over the pile; of a small pile as if there were `FEW` texts
    more, as far from it as texts are from topics that they have nothing of."""
    num = len(scores_nk)
    mean = scores_nk.sum(axis=0, dtype=np.float64) / (num + FEW)
    square = ((scores_nk - mean) ** 2).sum(axis=0) + FEW * (mean**2 + ELSEWHERE**2)
    return np.asarray((scores_nk - mean) / np.sqrt(square / (num + FEW)), np.float32)


def compete(spread_nk: Vectors, rivals_kk: NDArray[np.bool_]) -> Vectors:
    """Spread scores less what the best rival of a topic says of the same text; a topic without rivals stays
    as it is. `rivals_kk` says in row k which topics are rivals of topic k."""
    shown = spread_nk.copy()
    for topic, rivals in enumerate(rivals_kk):
        if rivals.any():
            best = np.maximum(spread_nk[:, rivals].max(axis=1), 0)
            left = spread_nk[:, topic] - RIVALRY * best
            shown[:, topic] = (left - left.mean()) / max(float(left.std()), LEAST_SPREAD)
    return shown


def find_rivals(topics_kd: Vectors) -> NDArray[np.bool_]:
    """Which topics are rivals of each (K, K): all others but those that say nearly the same."""
    return np.asarray(topics_kd @ topics_kd.T < SAME, bool)


def look_around(topics_kd: Vectors, near_kmd: Vectors) -> Vectors:
    """Topics moved as far towards the M texts of the pile that are nearest to each as they are their own."""
    return unit(topics_kd + unit(near_kmd.mean(axis=1)))


def nearest(topics_kd: Vectors, texts_nd: Vectors, count: int = NUM_NEAREST) -> Vectors:
    """The nearest texts (K, M, D) of each topic."""
    order = np.argsort(-(texts_nd @ topics_kd.T), axis=0)[:count]
    return texts_nd[order.T]


def settle(topics_kd: Vectors, texts_nd: Vectors) -> Vectors:
    """Topics that share out a pile, so that each text has one of them: each moves to the texts that are its
    own so far, and these are shared out again. Only for topics that cover the pile."""
    now = topics_kd
    for _ in range(STEPS):
        scores = without_prior(texts_nd @ now.T)
        shares = np.exp((scores - scores.max(axis=1, keepdims=True)) / SHARPNESS)
        shares /= shares.sum(axis=1, keepdims=True)
        means = shares.T @ texts_nd / np.maximum(shares.sum(axis=0), 1e-9)[:, None]
        now = unit(topics_kd + SETTLED * unit(means))
    return now


def move(topic_d: Vectors, right_nd: Vectors, wrong_nd: Vectors) -> Vectors:
    """A topic moved towards what was said to be right, and away from what was said to be wrong."""
    moved = topic_d.astype(np.float64)
    if len(right_nd):
        weight = CORRECTED * len(right_nd) / (len(right_nd) + 2)
        moved = moved + weight * unit(right_nd.mean(axis=0))
    if len(wrong_nd):
        weight = len(wrong_nd) / (len(wrong_nd) + 2) / 2
        moved = moved - weight * unit(wrong_nd.mean(axis=0))
    return unit(np.asarray(moved, np.float32))


@dataclass(frozen=True, slots=True)
class Logistic:
    """A probability from a row: the logistic of its product with `weights` (D,) plus `bias`."""

    weights: Column
    bias: float

    def logits(self, rows_nd: Vectors) -> Column:
        """(N,)."""
        return np.asarray(rows_nd @ self.weights + self.bias, np.float64)


def fit_logistic(rows_nd: Vectors, right_n: NDArray[np.bool_], strength: float = 10.0) -> Logistic:
    """Logistic regression by Newton's method, both classes weighing the same; `strength` is the inverse of
    the penalty on the weights."""
    rows = np.hstack([rows_nd.astype(np.float64), np.ones((len(rows_nd), 1))])
    target = right_n.astype(np.float64)
    share = min(max(float(target.mean()), 1e-6), 1 - 1e-6)
    counts = np.where(right_n, 0.5 / share, 0.5 / (1 - share))
    penalty = np.full(rows.shape[1], 1 / strength)
    penalty[-1] = _FREE
    known = logistic_weights(rows, target, penalty, _NEWTON_STEPS, counts)
    return Logistic(known[:-1], float(known[-1]))


def logistic(logits: Column) -> Column:
    """Probabilities of logits."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -40, 40))), np.float64)


def share_out(scores_n: Vectors) -> Column:
    """The probability (N,) that each text has a topic, from the distribution of its scores (spread) alone:
    two normal distributions, of the many that have it not and of those that may have it."""
    normal = [NormalDist().inv_cdf((at + 0.5) / FEW) for at in range(FEW)]
    scores = np.concatenate([scores_n.astype(np.float64), normal])
    mean = np.array([np.median(scores), np.quantile(scores, max(0.0, 1 - _FIRST / len(scores)))])
    deviation, share = np.array([1.0, 0.7]), np.array([0.95, 0.05])
    parts = np.zeros((len(scores), 2))
    for _ in range(_ROUNDS):
        parts = share * np.exp(-0.5 * ((scores[:, None] - mean) / deviation) ** 2) / deviation + 1e-30
        parts /= parts.sum(axis=1, keepdims=True)
        count = parts.sum(axis=0) + 1e-6
        mean = (parts * scores[:, None]).sum(axis=0) / count
        deviation = np.sqrt((parts * (scores[:, None] - mean) ** 2).sum(axis=0) / count + _FLOOR)
        share = count / count.sum()
    found = np.where(scores > mean[0], parts[:, 1], 0.0)
    return np.asarray(found[: len(scores_n)], np.float64)


def correct(probability_n: Column, said_m: Column, right_m: NDArray[np.bool_]) -> Column:
    """Probabilities moved by what was said: the logistic of a·logit + b, fitted on texts that were thought
    to have the topic with probability `said_m`, and of which it is known (`right_m`) whether they have it.
    a stays near 1 and b near 0 while few are known."""
    if not len(said_m):
        return probability_n
    scale, shift = 1.0, 0.0
    known = _logits(said_m)
    for _ in range(50):
        said = logistic(scale * known + shift)
        wrong, bend = said - right_m, said * (1 - said)
        slope = np.array([wrong @ known + 4 * (scale - 1), wrong.sum() + shift])
        cross = float((bend * known).sum())
        curve = np.array([[(bend * known**2).sum() + 4, cross], [cross, bend.sum() + 1]])
        step = np.linalg.solve(curve, slope)
        scale, shift = max(0.1, scale - step[0]), shift - step[1]
        if float(np.abs(step).max()) < 1e-6:
            break
    return logistic(scale * _logits(probability_n) + shift)


def _logits(probability: Column) -> Column:
    held = np.clip(probability, 0.01, 0.99)
    return np.asarray(np.log(held / (1 - held)), np.float64)
