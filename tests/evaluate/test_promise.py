"""What is promised holds on what was not looked at, and nothing is promised of too few questions."""

from __future__ import annotations

import numpy as np
import pytest

from everask.evaluate.promise import (
    Missing,
    Promise,
    binomial_tail,
    fit_promise,
    interval,
    num_needed,
    upper_bound,
)


def test_the_binomial_test_is_exact() -> None:
    assert binomial_tail(0, 59, 0.05) == pytest.approx(0.95**59)
    assert binomial_tail(5, 5, 0.3) == pytest.approx(1.0)
    assert binomial_tail(0, 0, 0.05) == 1.0
    assert num_needed(0, 0.05, 0.05) == 59


def test_bounds_of_a_share() -> None:
    assert upper_bound(0, 59, 0.95) == pytest.approx(0.0495, abs=1e-3)
    assert upper_bound(3, 3) == 1.0
    low, high = interval(5, 100)
    assert (round(low, 4), round(high, 4)) == (0.0164, 0.1128)
    assert interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("num", [200, 1000])
def test_a_promise_is_broken_less_often_than_it_says(num: int) -> None:
    draw = np.random.default_rng(3)
    broken = fitted = 0
    for _ in range(100):
        chances = draw.random(num)
        wrong = draw.random(num) < 0.3 * (1 - chances) ** 2
        made = fit_promise(chances.tolist(), wrong.tolist())
        if isinstance(made, Promise):
            fitted += 1
            above = np.linspace(made.threshold, 1, 1000)
            broken += float((0.3 * (1 - above) ** 2).mean()) > made.risk
            assert made.num_shown == (chances > made.threshold).sum()
            assert made.num_wrong == wrong[chances > made.threshold].sum()
    assert broken <= 10
    assert fitted > (90 if num == 1000 else 0)


def test_too_few_questions_and_how_many_more() -> None:
    made = fit_promise([0.9 - at / 100 for at in range(30)], [False] * 30)
    assert isinstance(made, Missing)
    assert made.num_least == 72
    assert made.num_more
    more = 30 + made.num_more
    assert isinstance(fit_promise([1 - at / 1000 for at in range(more)], [False] * more), Promise)


def test_no_number_of_questions_helps_where_the_likeliest_are_wrong() -> None:
    made = fit_promise([1 - at / 1000 for at in range(200)], [at % 5 == 0 for at in range(200)])
    assert isinstance(made, Missing)
    assert made.num_more is None


def test_nothing_measured() -> None:
    made = fit_promise([], [])
    assert isinstance(made, Missing)
    assert made.num_more


def test_equal_chances_are_shown_together() -> None:
    made = fit_promise([0.5] * 100, [False] * 99 + [True])
    assert isinstance(made, Missing)
    assert isinstance(fit_promise([0.5] * 120, [False] * 119 + [True]), Promise)
