"""Fits the weights of search's fusion to questions that people judged: features in, weights out.

Softmax over each question's candidates, held to the weights that ship; how strongly is chosen by questions
left out of the fit, since few are judged. Convex, so Newton's method gets there in a few steps. Knows numbers
only: no store, no question.

Shapes: N candidates of all questions together, F features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from everask.training.gate import gain

Floats = NDArray[np.float64]

SCALE = 13.0
"""Scores are in units of a cosine; of two passages, the one that is nearer by 0.3 is 50 times as likely."""
PULLS = (0.02, 0.1, 0.5, 2.0)
FOLDS = 5
_STEPS = 25
_SMALL = 1e-7


@dataclass(frozen=True, slots=True)
class Lists:
    """Candidates of questions one after another: features (N, F), where each question's begin, and how right
    each candidate is, 0 to 1 (N,)."""

    features_nf: Floats
    starts: tuple[int, ...]
    right_n: Floats

    @property
    def num_questions(self) -> int:
        """How many."""
        return len(self.starts)

    def at(self, question: int) -> slice:
        """Where a question's candidates are."""
        ends = (*self.starts[1:], len(self.right_n))
        return slice(self.starts[question], ends[question])

    def take(self, questions: Sequence[int]) -> Lists:
        """Some of the questions."""
        slices = [self.at(one) for one in questions]
        lengths = [one.stop - one.start for one in slices]
        rows = np.concatenate([np.arange(one.start, one.stop) for one in slices]) if slices else np.arange(0)
        starts = tuple(int(one) for one in np.cumsum([0, *lengths[:-1]])) if slices else ()
        return Lists(self.features_nf[rows], starts, self.right_n[rows])


def fit_weights(lists: Lists, shipped_f: Floats, parts_f: Sequence[str]) -> tuple[Floats, str]:
    """Weights (F,) near the shipped ones, and how they were found: all of them free, or only how much each of
    the `parts_f` counts, held to the shipped ones more or less. Questions left out of the fit decide."""
    names = sorted(set(parts_f))
    joined_fp = np.array(
        [[shipped_f[at] * (part == one) for one in names] for at, part in enumerate(parts_f)]
    )
    ways = [(free, pull) for free in (False, True) for pull in PULLS]
    bases = {True: np.eye(len(shipped_f)), False: joined_fp}
    starts = {True: shipped_f, False: np.ones(len(names))}
    folded = {free: Lists(lists.features_nf @ bases[free], lists.starts, lists.right_n) for free in bases}
    free, pull = max(ways, key=lambda way: (_left_out(folded[way[0]], starts[way[0]], way[1]), way[1]))
    made = bases[free] @ fit(folded[free], starts[free], pull)
    return np.asarray(made, np.float64), f"{'all weights' if free else 'parts'}, held by {pull}"


def fit(lists: Lists, shipped_f: Floats, pull: float) -> Floats:
    """The weights (F,) that make right candidates likely, held to the shipped ones by `pull`."""
    spread_f = lists.features_nf.std(axis=0) + 1e-9
    used_f = spread_f > 1e-6  # a feature that is the same everywhere says nothing, and keeps its weight
    scaled_nf = lists.features_nf[:, used_f] / spread_f[used_f]
    start_f = SCALE * shipped_f[used_f] * spread_f[used_f]
    weights_f = start_f.copy()
    blocks = [(scaled_nf[lists.at(one)], lists.right_n[lists.at(one)]) for one in range(lists.num_questions)]
    value = _loss(blocks, weights_f, start_f, pull)
    for _ in range(_STEPS):
        slope_f, curve_ff = _slopes(blocks, weights_f, start_f, pull)
        move_f = np.linalg.solve(curve_ff, slope_f)
        length = 1.0
        while (new := _loss(blocks, weights_f - length * move_f, start_f, pull)) > value and length > 1e-4:
            length /= 2
        if new >= value - _SMALL:
            break
        weights_f, value = weights_f - length * move_f, new
    made_f = shipped_f.copy()
    made_f[used_f] = weights_f / spread_f[used_f] / SCALE
    # As far apart as before: what is remembered is added to scores, and must weigh as much as it did.
    return made_f * (_spread(lists, shipped_f) / max(_spread(lists, made_f), 1e-9))


def measure(lists: Lists, weights_f: Floats) -> float:
    """Mean nDCG@10 of the candidates in the order of these weights."""
    found = []
    for one in range(lists.num_questions):
        at = lists.at(one)
        order = np.argsort(-(lists.features_nf[at] @ weights_f), kind="stable")
        found.append(gain(order.tolist(), np.flatnonzero(lists.right_n[at] > 0).tolist()))
    return float(np.mean(found)) if found else 0.0


def _spread(lists: Lists, weights_f: Floats) -> float:
    """How far apart the scores of a question's candidates are, on average."""
    scores_n = lists.features_nf @ weights_f
    return float(np.mean([scores_n[lists.at(one)].std() for one in range(lists.num_questions)]))


def _left_out(lists: Lists, shipped_f: Floats, pull: float) -> float:
    """nDCG@10 on questions that were left out of the fit, each once."""
    folds = min(FOLDS, lists.num_questions)
    found = []
    for fold in range(folds):
        kept = [one for one in range(lists.num_questions) if one % folds != fold]
        rest = [one for one in range(lists.num_questions) if one % folds == fold]
        if kept and rest:
            weights_f = fit(lists.take(kept), shipped_f, pull)
            found.append(measure(lists.take(rest), weights_f) * len(rest))
    return sum(found) / max(1, lists.num_questions)


def _loss(blocks: Sequence[tuple[Floats, Floats]], weights_f: Floats, start_f: Floats, pull: float) -> float:
    total = 0.0
    for features_nf, right_n in blocks:
        scores_n = features_nf @ weights_f
        wanted_n = right_n / right_n.sum()
        total -= float(wanted_n @ (scores_n - _log_sum(scores_n)))
    moved_f = weights_f - start_f
    return total / len(blocks) + pull * float(moved_f @ moved_f)


def _slopes(
    blocks: Sequence[tuple[Floats, Floats]], weights_f: Floats, start_f: Floats, pull: float
) -> tuple[Floats, Floats]:
    """The gradient (F,) and the curvature (F, F)."""
    size = len(weights_f)
    slope_f, curve_ff = np.zeros(size), np.zeros((size, size))
    for features_nf, right_n in blocks:
        scores_n = features_nf @ weights_f
        likely_n = np.exp(scores_n - _log_sum(scores_n))
        mean_f = likely_n @ features_nf
        slope_f += mean_f - (right_n / right_n.sum()) @ features_nf
        curve_ff += (features_nf * likely_n[:, None]).T @ features_nf - np.outer(mean_f, mean_f)
    slope_f = slope_f / len(blocks) + 2 * pull * (weights_f - start_f)
    return slope_f, curve_ff / len(blocks) + 2 * pull * np.eye(size)


def _log_sum(scores_n: Floats) -> float:
    most = float(scores_n.max())
    return most + float(np.log(np.exp(scores_n - most).sum()))
