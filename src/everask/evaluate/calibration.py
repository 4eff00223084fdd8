"""From scores to probabilities: Platt's two numbers, and how far probabilities are from what came true."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Judged = tuple[float, bool]
"""A logit, and whether what it says is so."""
SMALLEST_STEP = 1e-9
"""What moves less has come to rest."""


def calibrate(judged: Sequence[Judged]) -> tuple[float, float]:
    """Scale and shift of the logit whose logistic is the share that is so (Platt), by Newton's method."""
    inputs = np.array([(logit, 1.0) for logit, _ in judged])
    scale, shift = logistic_weights(
        inputs, np.array([float(is_right) for _, is_right in judged]), np.full(2, 1e-3)
    )
    return float(scale), float(shift)


def logistic_weights(
    inputs_nf: Floats,
    targets_n: Floats,
    penalty_f: Floats,
    num_steps: int = 50,
    counts_n: Floats | float = 1.0,
) -> Floats:
    """Weights (F,) whose product with the inputs has the targets as its logistic, by Newton's method; each
    weight is drawn to 0 by half its penalty times its square. Targets are from 0 to 1, and each of them
    counts as often as `counts_n` says."""
    weights = np.zeros(len(penalty_f))
    for _ in range(num_steps):
        chance = 1 / (1 + np.exp(-np.clip(inputs_nf @ weights, -30, 30)))
        bend = counts_n * (chance * (1 - chance))
        hessian = (inputs_nf * bend[:, None]).T @ inputs_nf + np.diag(penalty_f)
        slope = inputs_nf.T @ (counts_n * (chance - targets_n)) + penalty_f * weights
        step = np.linalg.solve(hessian, slope)
        weights -= step
        if float(np.abs(step).max()) < SMALLEST_STEP:
            break
    return weights


def calibration_error(chances: Sequence[float], labels: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error (arXiv 1706.04599): the mean distance of what was said from what came true,
    over bins of like chances, by their size. 0 where there is nothing."""
    values, is_true = np.asarray(chances, float), np.asarray(labels, float)
    places = np.minimum((values * bins).astype(int), bins - 1)
    total = 0.0
    for one in range(bins):
        inside = places == one
        if inside.any():
            total += float(inside.mean() * abs(values[inside].mean() - is_true[inside].mean()))
    return total
