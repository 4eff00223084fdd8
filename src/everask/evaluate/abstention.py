"""Does a system know what it cannot answer? AUROC, and precision and risk by how much it answers.

Knows numbers only: of each question a chance that there is an answer, and whether there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COVERAGES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Point:
    """What comes of answering from `threshold` on.

    `coverage` is the share of the answerable that is answered, `precision` that of the answered that is
    answerable, `refused` that of the unanswerable that is refused.
    """

    threshold: float
    coverage: float
    precision: float
    refused: float


def auroc(chances: Sequence[float], labels: Sequence[bool]) -> float:
    """The probability that an answerable question has the higher chance of a pair; ties count half.

    0.5 where there is no such pair.
    """
    values, is_true = np.asarray(chances, float), np.asarray(labels, bool)
    true, false = np.sort(values[is_true]), values[~is_true]
    if not len(true) or not len(false):
        return 0.5
    below = np.searchsorted(true, false, "left")
    upto = np.searchsorted(true, false, "right")
    above = len(true) - upto + 0.5 * (upto - below)
    return float(above.sum() / (len(true) * len(false)))


def auroc_interval(
    chances: Sequence[float], labels: Sequence[bool], *, num_samples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """The 95% interval of AUROC, from bootstrap samples of the questions."""
    values, is_true = np.asarray(chances, float), np.asarray(labels, bool)
    if not len(values):
        return (0.0, 1.0)
    draw = np.random.default_rng(seed)
    drawn = [draw.integers(0, len(values), len(values)) for _ in range(num_samples)]
    found = [auroc(values[one].tolist(), is_true[one].tolist()) for one in drawn]
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def precision_at(
    chances: Sequence[float], labels: Sequence[bool], coverages: Sequence[float] = COVERAGES
) -> list[Point]:
    """For each coverage the highest threshold that reaches it. Empty where nothing is answerable."""
    values, is_true = np.asarray(chances, float), np.asarray(labels, bool)
    num_true, num_false = int(is_true.sum()), int((~is_true).sum())
    points = []
    if not num_true:
        return []
    ranked = np.sort(values[is_true])[::-1]
    for coverage in coverages:
        threshold = float(ranked[max(0, int(np.ceil(coverage * num_true - 1e-9)) - 1)])
        right = int((values[is_true] >= threshold).sum())
        wrong = int((values[~is_true] >= threshold).sum())
        points.append(
            Point(threshold, right / num_true, right / (right + wrong), 1 - wrong / max(1, num_false))
        )
    return points


def risk_curve(chances: Sequence[float], losses: Sequence[float]) -> tuple[Floats, Floats, Floats]:
    """Thresholds from high to low, the share answered at each, and the mean loss of what is answered."""
    values, lost = np.asarray(chances, float), np.asarray(losses, float)
    order = np.argsort(-values, kind="stable")
    values, lost = values[order], lost[order]
    # Equal chances are answered together.
    last = np.append(np.flatnonzero(np.diff(values)), len(values) - 1) if len(values) else np.array([], int)
    counts = last + 1.0
    risks = np.cumsum(lost)[last] / counts
    return values[last], counts / max(1, len(values)), risks
