"""Intervals and tests against cases that are known or can be counted out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from everask.evaluate.significance import bootstrap_interval, holm, paired_test


def count_out(differences: list[float]) -> float:
    """The exact p: the share of all assignments of signs whose sum is as far from 0."""
    observed = abs(sum(differences)) - 1e-9
    sums = [
        abs(sum(sign * one for sign, one in zip(signs, differences, strict=True)))
        for signs in product((1, -1), repeat=len(differences))
    ]
    return sum(value >= observed for value in sums) / len(sums)


def test_few_differences_give_the_exact_p() -> None:
    assert paired_test([1.0] * 5, [0.0] * 5) == pytest.approx(2 / 32)
    mixed = [0.5, -0.2, 0.3, 0.1, -0.1, 0.4, 0.25]
    assert paired_test(mixed, [0.0] * 7) == pytest.approx(count_out(mixed))


def test_many_differences_come_near_the_exact_p() -> None:
    draw = np.random.default_rng(3)
    differences = draw.normal(0.25, 0.5, 15).tolist()
    assert paired_test(differences, [0.0] * 15) == pytest.approx(count_out(differences), abs=0.012)


def test_equal_runs_differ_by_chance_alone() -> None:
    assert paired_test([0.3, 0.5], [0.3, 0.5]) == 1.0
    assert paired_test([], []) == 1.0


def test_queries_without_a_difference_change_nothing() -> None:
    first, second = [0.9, 0.2, 0.7, 0.4], [0.1, 0.3, 0.2, 0.1]
    assert paired_test(first + [0.5] * 100, second + [0.5] * 100) == paired_test(first, second)


def test_a_clear_difference_is_found_and_the_same_at_every_run() -> None:
    draw = np.random.default_rng(5)
    worse = draw.uniform(0, 0.8, 200)
    better = np.clip(worse + draw.normal(0.1, 0.2, 200), 0, 1)
    p = paired_test(better.tolist(), worse.tolist())
    assert p < 0.001
    assert p == paired_test(better.tolist(), worse.tolist()) == paired_test(worse.tolist(), better.tolist())


def test_no_difference_is_called_one_about_as_often_as_promised() -> None:
    draw = np.random.default_rng(7)
    found = 0
    for _ in range(200):
        first, second = draw.normal(0, 1, 25), draw.normal(0, 1, 25)
        found += paired_test(first.tolist(), second.tolist(), num_samples=400) < 0.05
    assert 3 <= found <= 20


def test_holm_by_hand() -> None:
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert adjusted == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert holm({"one": 0.2}) == {"one": 0.2} and holm({}) == {}
    assert holm({"x": 0.7, "y": 0.9}) == {"x": 1.0, "y": 1.0}


def test_the_interval_is_that_of_the_mean() -> None:
    values = np.random.default_rng(1).normal(0.5, 0.1, 400)
    low, high = bootstrap_interval(values.tolist())
    half = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - half, abs=0.002)
    assert high == pytest.approx(values.mean() + half, abs=0.002)
    assert bootstrap_interval([0.7] * 9) == pytest.approx((0.7, 0.7))
    assert bootstrap_interval([]) == (0.0, 0.0)
