"""Team-draft interleaving: fair under clicks that say nothing, sure of what is better, deaf to one person."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everask.feedback.interleaving import (
    PER_PERSON,
    Drafted,
    Trialled,
    conclude,
    draft,
    points,
    sign_test,
)
from everask.feedback.simulation import Behaviour, click

RANKINGS = st.permutations(range(12)).map(tuple)


def trials(
    champion: list[int], challenger: list[int], good: set[int], number: int, users: int = 20, eta: float = 1.0
) -> list[Trialled]:
    """Lists that people clicked in who like some passages."""
    draw = random.Random(number)
    made = []
    for at in range(number):
        shown = draft(champion, challenger, 10, draw)
        relevance = [0.9 if one.passage in good else 0.0 for one in shown]
        clicked = click(relevance, Behaviour("position", eta), draw)
        made.append(Trialled(at % users, champion, challenger, shown, frozenset(clicked)))
    return made


@given(RANKINGS, RANKINGS, st.integers(1, 12), st.integers(0, 1 << 32))
def test_a_draft_holds_each_passage_once_and_as_many_of_both(
    champion: tuple[int, ...], challenger: tuple[int, ...], size: int, seed: int
) -> None:
    shown = draft(champion, challenger, size, random.Random(seed))
    assert len({one.passage for one in shown}) == len(shown) == size
    teams = Counter(one.team for one in shown)
    assert abs(teams["champion"] - teams["challenger"]) <= 1
    for rank, one in enumerate(shown):  # each pick was that side's best of what was left
        before = {other.passage for other in shown[:rank]}
        ranking = challenger if one.team == "challenger" else champion
        assert one.passage == next(passage for passage in ranking if passage not in before)


@settings(max_examples=25, deadline=None)
@given(RANKINGS, RANKINGS, st.integers(0, 1 << 32))
def test_clicks_that_say_nothing_favour_nobody(
    champion: tuple[int, ...], challenger: tuple[int, ...], seed: int
) -> None:
    draw = random.Random(seed)
    total, number = 0, 800
    for _ in range(number):
        shown = draft(champion, challenger, 6, draw)
        ranks = [rank for rank in range(len(shown)) if draw.random() < 0.6 / (1 + rank)]
        total += points(Trialled(1, champion, challenger, shown, frozenset(ranks)))
    # A list's points vary by at most 3 either way; five standard errors.
    assert abs(total / number) < 5 * 1.2 / number**0.5


def test_where_both_agree_at_the_top_nobody_gets_the_point() -> None:
    shown = draft([1, 2, 3, 4], [1, 2, 4, 3], 4, random.Random(0))
    assert shown[:2] == [Drafted(1, None), Drafted(2, None)]
    assert points(Trialled(1, (1, 2, 3, 4), (1, 2, 4, 3), shown, frozenset({0, 1}))) == 0


def test_lists_of_unequal_length_run_out_quietly() -> None:
    assert [one.passage for one in draft([1], [], 5, random.Random(0))] == [1]
    assert draft([], [], 5, random.Random(0)) == []


def test_a_better_challenger_is_seen_and_the_estimate_says_so() -> None:
    found = conclude(trials(list(range(12)), [5, 6, *range(5), *range(7, 12)], {5, 6}, 600))
    assert found.verdict == "challenger"
    assert found.delta > 0.5 and found.low > 0 and found.p < 0.001
    assert found.clicks_challenger > found.clicks_champion and found.clicks_low > 0


def test_the_estimate_is_that_of_each_ranking_alone() -> None:
    champion, challenger, good = list(range(12)), [5, 6, *range(5), *range(7, 12)], {5, 6}
    found = conclude(trials(champion, challenger, good, 2_000, users=100))
    draw, behaviour = random.Random(9), Behaviour("position", 1.0)
    for ranking, estimated in ((champion, found.clicks_champion), (challenger, found.clicks_challenger)):
        relevance = [0.9 if one in good else 0.0 for one in ranking[:10]]
        alone = sum(len(click(relevance, behaviour, draw)) for _ in range(4_000)) / 4_000
        assert estimated == pytest.approx(alone, rel=0.12)


def test_one_person_decides_nothing() -> None:
    ours = trials([1, 2, 3, 4], [4, 3, 2, 1], {4}, 5_000, users=1)
    theirs = [
        Trialled(100 + at, one.champion, one.challenger, one.shown, one.clicked)
        for at, one in enumerate(trials([1, 2, 3, 4], [4, 3, 2, 1], {1}, 200))
    ]
    found = conclude([*ours, *theirs])
    assert found.num_lists == PER_PERSON + 200
    assert found.delta < 0 and found.verdict != "challenger"


def test_where_there_is_one_person_all_their_lists_count() -> None:
    found = conclude(trials([1, 2, 3, 4], [4, 3, 2, 1], {4}, 300, users=1))
    assert found.num_lists == 300 and found.verdict == "challenger"


def test_few_lists_and_none_decide_nothing() -> None:
    assert conclude([]).verdict == "open"
    assert conclude(trials([1, 2, 3], [3, 2, 1], {3}, 8)).verdict == "open"


def test_equal_rankings_are_left_open() -> None:
    tried = [conclude(trials([1, 2, 3, 4], [1, 2, 4, 3], set(), number)) for number in range(195, 205)]
    assert sum(one.verdict == "open" for one in tried) >= 8  # one in twenty may be chance


def test_the_sign_test_is_exact() -> None:
    assert sign_test(0, 0) == 1.0
    assert sign_test(5, 0) == pytest.approx(2 / 32)
    assert sign_test(3, 3) == 1.0
