"""What to expect of the best of N: as drawing shows, and the best at last."""

from __future__ import annotations

import numpy as np
import pytest

from everask.evaluate.expected import expected_best, largest_fall


def test_what_is_expected_is_what_drawing_shows() -> None:
    draw = np.random.default_rng(0)
    score_n, value_n = draw.integers(0, 6, 40).astype(float), draw.random(40)
    found = expected_best(score_n, value_n, (1, 4, 40))
    drawn = []
    for _ in range(20_000):
        some = draw.choice(40, 4, replace=False)
        best = some[score_n[some] == score_n[some].max()]
        drawn.append(value_n[best].mean())
    assert found[0] == pytest.approx(value_n.mean())
    assert found[1] == pytest.approx(np.mean(drawn), abs=0.01)
    assert found[2] == pytest.approx(value_n[score_n == score_n.max()].mean())


def test_more_than_there_are_is_all_of_them_and_a_fall_is_from_the_highest() -> None:
    one, other = expected_best(np.array([1.0, 2.0]), np.array([0.0, 1.0]), (2, 2048))
    assert one == other == pytest.approx(1.0)
    assert largest_fall(np.array([0.1, 0.5, 0.3, 0.4])) == pytest.approx(0.2)
    assert largest_fall(np.array([0.1, 0.2])) == 0.0
