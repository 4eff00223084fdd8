"""How sure a figure is, and a difference between two runs: bootstrap, paired randomisation, Holm.

The randomisation test is that of Smucker, Allan and Carterette (CIKM 2007): under the null hypothesis
either run could have given either of a query's two values. Knows numbers only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

NUM_SAMPLES = 10_000
# So many differences have fewer signs than samples: all are tried.
_FEW = 13
_ROWS_AT_ONCE = 512


def bootstrap_interval(
    values: Sequence[float], *, confidence: float = 0.95, num_samples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """The percentile interval of the mean over queries; (0, 0) without any."""
    if not values:
        return (0.0, 0.0)
    array = np.asarray(values, float)
    draw = np.random.default_rng(seed)
    means = np.concatenate(
        [
            array[draw.integers(0, len(array), (min(_ROWS_AT_ONCE, num_samples - start), len(array)))].mean(1)
            for start in range(0, num_samples, _ROWS_AT_ONCE)
        ]
    )
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def paired_test(
    first: Sequence[float], second: Sequence[float], *, num_samples: int = NUM_SAMPLES, seed: int = 0
) -> float:
    """Two-sided p of the paired randomisation test on the mean difference; exact for few differences.

    Values that are equal in both runs say nothing and change nothing.
    """
    differences = np.asarray(first, float) - np.asarray(second, float)
    differences = differences[np.abs(differences) > 1e-12]
    num = len(differences)
    if num == 0:
        return 1.0
    observed = abs(differences.sum()) - 1e-9
    if num <= _FEW:
        signs = 1 - 2 * (np.arange(2**num)[:, None] >> np.arange(num) & 1)
        return float(np.mean(np.abs(signs @ differences) >= observed))
    draw = np.random.default_rng(seed)
    reached = 0
    for start in range(0, num_samples, _ROWS_AT_ONCE):
        size = min(_ROWS_AT_ONCE, num_samples - start)
        signs = 1 - 2 * draw.integers(0, 2, (size, num), np.int8)
        reached += int(np.count_nonzero(np.abs(signs @ differences) >= observed))
    # The observed assignment is one of the possible ones, so p is never 0.
    return (reached + 1) / (num_samples + 1)


def holm(values: Mapping[str, float]) -> dict[str, float]:
    """p values adjusted for there being several, by Holm's step-down method."""
    names = sorted(values, key=lambda name: values[name])
    adjusted = {name: min(1.0, (len(names) - rank) * values[name]) for rank, name in enumerate(names)}
    for before, after in pairwise(names):
        adjusted[after] = max(adjusted[after], adjusted[before])
    return {name: adjusted[name] for name in values}
