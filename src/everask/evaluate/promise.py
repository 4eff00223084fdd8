"""A threshold with a promise: of what is shown from it on, at most so much is wrong, with so much confidence.

Learn-then-test (Angelopoulos, Bates, Candès, Jordan, Lei 2021, arXiv 2110.01052) with the share of wrong
answers among those given as the risk: each threshold is a hypothesis "its risk is too high", rejected by an
exact binomial test; thresholds are tried in a fixed order, from a few places fixed beforehand, each with its
part of the error that is allowed. Of the m likeliest questions of a sample the m - 1 above the last are
independent draws from what exceeds it, so the test holds for any sample size; what is assumed is that the
questions are drawn as those to come, and that risk falls as the chance rises. Knows numbers only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

RISK = 0.05
CONFIDENCE = 0.9
# Shares of the sample from which the tests begin, each with an equal part of the error allowed.
_STARTS = (0.25, 0.5, 0.75, 1.0)
_HOPELESS = 0.05


@dataclass(frozen=True, slots=True)
class Promise:
    """At most `risk` of what is shown from `threshold` on is wrong, with `confidence`.

    Measured on `num_shown` answers of `num_questions` questions, `num_wrong` of them wrong.
    """

    threshold: float
    risk: float
    confidence: float
    num_questions: int
    num_shown: int
    num_wrong: int


@dataclass(frozen=True, slots=True)
class Missing:
    """Why no threshold can be promised: so many more questions are needed, as these go; None where more of
    them would not help, for too much is wrong even among the likeliest."""

    num_more: int | None
    num_least: int


def binomial_tail(num_wrong: int, num: int, risk: float) -> float:
    """The probability of at most `num_wrong` wrong ones of `num`, if each is wrong with probability `risk`:
    the p value of "the risk is at least that"."""
    if num_wrong < 0:
        return 0.0
    if num <= 0 or risk <= 0:
        return 1.0
    if risk >= 1:
        return float(num_wrong >= num)
    logs = [
        math.lgamma(num + 1) - math.lgamma(at + 1) - math.lgamma(num - at + 1)
        + at * math.log(risk) + (num - at) * math.log1p(-risk)
        for at in range(min(num_wrong, num) + 1)
    ]  # fmt: skip
    return min(1.0, math.fsum(map(math.exp, logs)))


def upper_bound(num_wrong: int, num: int, confidence: float = CONFIDENCE) -> float:
    """The highest risk that so few wrong ones do not rule out (Clopper and Pearson, one-sided)."""
    if num_wrong >= num:
        return 1.0
    low, high = num_wrong / num, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if binomial_tail(num_wrong, num, middle) > 1 - confidence else (low, middle)
        )
    return high


def interval(num_wrong: int, num: int, confidence: float = 0.95) -> tuple[float, float]:
    """The two-sided interval of a share, by Clopper and Pearson; (0, 1) of nothing."""
    if num <= 0:
        return (0.0, 1.0)
    each = 1 - (1 - confidence) / 2
    return 1 - upper_bound(num - num_wrong, num, each), upper_bound(num_wrong, num, each)


def fit_promise(
    chances: Sequence[float],
    wrong: Sequence[bool],
    risk: float = RISK,
    confidence: float = CONFIDENCE,
) -> Promise | Missing:
    """The lowest threshold that can be promised; `wrong` says of each question whether its answer, if it is
    shown, is wrong."""
    order = np.argsort(-np.asarray(chances, float), kind="stable")
    values, lost = np.asarray(chances, float)[order], np.asarray(wrong, bool)[order]
    counted = np.concatenate([[0], np.cumsum(lost)])
    sizes = list(_sizes(values))
    error = (1 - confidence) / len(_STARTS)
    best = 0
    for start in _STARTS:
        for size in (one for one in sizes if one >= start * len(values)):
            if binomial_tail(int(counted[size]), size, risk) > error:
                break
            best = max(best, size)
    if best:
        threshold = float(values[best - 1] + values[best]) / 2 if best < len(values) else 0.0
        return Promise(threshold, risk, confidence, len(values), best, int(counted[best]))
    return Missing(_num_more(counted, sizes, risk, error), num_needed(0, risk, error))


def _sizes(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Iterator[int]:
    """How many are above the next: numbers of answers that a threshold can give."""
    for size in range(1, len(values)):
        if values[size] < values[size - 1]:
            yield size
    if len(values):
        yield len(values)


def num_needed(num_wrong: int, risk: float, error: float) -> int:
    """How many answers with so many wrong ones show that the risk is lower than `risk`."""
    num = max(1, num_wrong)
    while binomial_tail(num_wrong, num, risk) > error:
        num += 1
    return num


def _num_more(
    counted: np.ndarray[tuple[int], np.dtype[np.int64]], sizes: Sequence[int], risk: float, error: float
) -> int | None:
    """How many questions more, of the same kind, let the best of the starts pass."""
    total = len(counted) - 1
    if total == 0:
        return math.ceil(num_needed(0, risk, error) / _STARTS[0])
    needed = []
    for start in _STARTS:
        size = next((one for one in sizes if one >= start * total), total)
        num_wrong = int(counted[size])
        # So many or more, were the risk as allowed: as improbable as that, more questions would not help.
        if 1 - binomial_tail(num_wrong - 1, size, risk) < _HOPELESS:
            continue
        share = min(risk / 2, (num_wrong + 0.5) / (size + 1))
        wanted = float(size)
        while binomial_tail(math.ceil(share * wanted), int(wanted), risk) > error:
            wanted *= 1.05
        needed.append(wanted / size * total - total)
    return max(1, math.ceil(min(needed))) if needed else None
