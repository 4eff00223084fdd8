"""Random swaps: as often as they should be, never the first where that is forbidden, and what they tell."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everask.feedback.positions import Seen, count_clicks, fit_curve, propensity, put_in_order, swap
from everask.feedback.simulation import Behaviour, click


@given(st.integers(0, 30), st.floats(0, 0.5), st.integers(0, 1 << 32), st.integers(0, 3))
def test_a_swap_moves_nothing_further_than_one_place(size: int, rate: float, seed: int, first: int) -> None:
    order = swap(size, rate, random.Random(seed), first)
    assert sorted(order) == list(range(size))
    assert all(abs(place - natural) <= 1 for place, natural in enumerate(order))
    assert order[: min(first, size)] == list(range(min(first, size)))
    assert order == swap(size, rate, random.Random(seed), first)


def test_each_pair_of_neighbours_is_swapped_as_often() -> None:
    draw, number, rate = random.Random(3), 20_000, 0.05
    swapped: Counter[int] = Counter()
    for _ in range(number):
        order = swap(8, rate, draw)
        swapped.update(place for place in range(7) if order[place] == place + 1)
    for place in range(7):
        assert swapped[place] / number == pytest.approx(rate, abs=5 * (rate / number) ** 0.5)


@pytest.mark.parametrize("eta", [0.0, 1.0, 2.0])
def test_the_curve_is_found_again_from_swaps(eta: float) -> None:
    draw = random.Random(5)
    seen: list[Seen] = []
    for _ in range(6_000):
        relevance = [draw.random() ** 2 for _ in range(10)]
        order = swap(10, 0.05, draw)
        ranks = set(click(put_in_order(relevance, order), Behaviour("position", eta), draw))
        seen += count_clicks(dict.fromkeys(ranks, True), order)
    assert fit_curve(seen) == pytest.approx(eta, abs=0.35)


def test_without_clicks_the_usual_is_taken() -> None:
    assert fit_curve([]) == 1.0
    assert fit_curve([Seen(0, 0, clicked=False)] * 50) == 1.0


def test_propensities_fall_and_are_clipped() -> None:
    assert propensity(0, 1.0) == 1.0
    assert propensity(3, 1.0) == pytest.approx(0.25)
    assert propensity(50, 2.0) == 0.1
    assert propensity(7, 0.0) == 1.0
