"""What to expect of the best of N that are drawn from known ones: worked out, not sampled.

K counts, L levels of scores.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def expected_best(score_n: Floats, value_n: Floats, counts: Sequence[int]) -> Floats:
    """(K,) for the counts: the value to expect of what scores best among so many that are drawn without
    putting back; of what scores alike each is as likely."""
    levels, place_n = np.unique(-score_n, return_inverse=True)
    value_l = np.bincount(place_n, value_n) / np.bincount(place_n)
    upto_l = np.cumsum(np.bincount(place_n, minlength=len(levels)))
    num = len(score_n)
    # The chance that none of the first so many levels is drawn: C(num - upto, count) / C(num, count).
    factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, num + 1)))])
    found = []
    for count in (min(one, num) for one in counts):
        left_l = num - upto_l
        none = factorial[left_l] - factorial[np.maximum(left_l - count, 0)] - factorial[num]
        none_l = np.where(left_l >= count, np.exp(none + factorial[num - count]), 0.0)
        found.append(float((-np.diff(np.concatenate([[1.0], none_l])) * value_l).sum()))
    return np.array(found)


def largest_fall(curve_k: Floats) -> float:
    """How far a curve falls below what it was before."""
    return float(np.max(np.maximum.accumulate(curve_k) - curve_k))
