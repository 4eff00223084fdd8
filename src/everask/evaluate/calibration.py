"""From scores to probabilities: Platt's two numbers, and how far probabilities are from what came true."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Judged = tuple[float, bool]
"""A logit, and whether what it says is so."""


def calibrate(judged: Sequence[Judged]) -> tuple[float, float]:
    """Scale and shift of the logit whose logistic is the share that is so (Platt), by Newton's method."""
    inputs = np.array([(logit, 1.0) for logit, _ in judged])
    answers = np.array([float(is_right) for _, is_right in judged])
    weights = np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        hessian = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + 1e-3 * np.eye(2)
        weights -= np.linalg.solve(hessian, inputs.T @ (chance - answers) + 1e-3 * weights)
    return float(weights[0]), float(weights[1])


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
