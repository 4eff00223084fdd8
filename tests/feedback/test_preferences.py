"""Preferences from lists and acts: clicks, votes that outweigh clicks, nobody who outweighs others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everask.feedback.preferences import PERSON, Act, Impression, Preference, join, prefer, shares

ASKED = "How long is the warranty?"
LIST = Impression(7, ASKED, 1, 100.0, (10, 11, 12, 13, 14))


def pairs(made: list[Preference]) -> set[tuple[int, int]]:
    return {(one.better, one.worse) for one in made}


def act(passage: int, weight: float, user: int | None = 1, at: float = 110.0) -> Act:
    return Act(ASKED, passage, weight, user, at)


def test_a_click_is_before_all_that_was_not_clicked() -> None:
    made = prefer(join([LIST], [act(12, 0.1)]))
    assert pairs(made) == {(12, 10), (12, 11), (12, 13), (12, 14)}


def test_a_click_says_nothing_of_a_first_source_that_stood_open() -> None:
    made = prefer(join([LIST], [replace(act(12, 0.1), beside=True)]))
    assert pairs(made) == {(12, 11), (12, 13), (12, 14)}


def test_two_clicks_say_nothing_of_each_other() -> None:
    made = prefer(join([LIST], [act(10, 0.1), act(12, 0.1)]))
    assert pairs(made) == {(10, 11), (10, 13), (10, 14), (12, 11), (12, 13), (12, 14)}


def test_a_click_far_down_weighs_more_and_a_vote_weighs_the_same_anywhere() -> None:
    (first, *_) = prefer(join([LIST], [act(10, 0.1)]), exponent=1.0)
    (third, *_) = prefer(join([LIST], [act(12, 0.1)]), exponent=1.0)
    assert first.weight == pytest.approx(0.1) and third.weight == pytest.approx(0.3)
    assert {one.weight for one in prefer(join([LIST], [act(14, 0.8)]), exponent=1.0)} == {0.8}


def test_a_vote_is_about_all_that_was_shown_for_and_against() -> None:
    assert pairs(prefer(join([LIST], [act(11, 0.8)]))) == {(11, 10), (11, 12), (11, 13), (11, 14)}
    assert pairs(prefer(join([LIST], [act(11, -0.4)]))) == {(10, 11), (12, 11), (13, 11), (14, 11)}


def test_a_correction_of_what_was_not_shown_is_before_all_of_it() -> None:
    made = prefer(join([LIST], [act(99, 1.0)]))
    assert pairs(made) == {(99, 10), (99, 11), (99, 12), (99, 13), (99, 14)}


def test_an_act_belongs_to_the_persons_own_last_list_before_it() -> None:
    later = Impression(8, "how long is the WARRANTY", 1, 105.0, (20, 12))
    other = Impression(9, ASKED, 2, 108.0, (12, 30))
    joined = {one.id: acts for one, acts in join([LIST, later, other], [act(12, 0.1)])}
    assert [len(joined[one]) for one in (7, 8, 9)] == [0, 1, 0]
    assert join([], [act(12, 0.1)])[0][0].passages == ()
    assert prefer(join([replace(LIST, at=200.0)], [act(12, 0.1)])) == []  # it was not seen yet


def test_contradicting_votes_of_two_people_stand_against_each_other() -> None:
    other = replace(LIST, id=8, user=2)
    made = prefer(join([LIST, other], [act(10, 0.8), act(10, -0.4, user=2)]))
    assert (10, 11) in pairs(made) and (11, 10) in pairs(made)


def test_what_a_person_changes_their_mind_about_counts_as_last_said() -> None:
    made = prefer(join([LIST], [act(10, 0.4), act(10, -0.4, at=120.0)]))
    assert pairs(made) == {(11, 10), (12, 10), (13, 10), (14, 10)}


def test_ten_thousand_votes_of_one_person_count_as_one_persons() -> None:
    flood = [replace(LIST, id=at, user=66, at=float(at)) for at in range(10_000)]
    votes = [act(14, 0.8, user=66, at=float(at)) for at in range(10_000)]
    made = prefer(join(flood, votes))
    assert len(made) == 4  # of two passages for a question a person says one thing
    spread = [Preference(f"question {at}", 1, 2, 0.8, 1.0, 66, 0.0) for at in range(10_000)]
    honest = [Preference(f"question {at}", 2, 1, 0.8, 1.0, at % 20, 0.0) for at in range(200)]
    weights = shares([*spread, *honest])
    assert sum(weights[:10_000]) == pytest.approx(PERSON * 8.0)
    assert sum(weights[10_000:]) == pytest.approx(160.0)


def test_nothing_comes_of_nothing() -> None:
    assert prefer(join([], [])) == [] and shares([]) == []
    assert prefer(join([LIST], [])) == [] and prefer(join([LIST], [act(10, 0.0)])) == []


@given(
    st.lists(st.tuples(st.integers(10, 16), st.sampled_from([-0.4, 0.1, 0.4, 0.8])), max_size=12),
    st.floats(0, 2),
)
def test_no_passage_is_before_itself_and_weights_are_bounded(
    acts: list[tuple[int, float]], exponent: float
) -> None:
    made = prefer(join([LIST], [act(*one) for one in acts]), exponent)
    assert all(one.better != one.worse for one in made)
    assert all(
        0 < one.weight <= 1.0 + 1e-9 or (one.worth < 0.3 and one.weight <= 10 * one.worth) for one in made
    )
    for one in made:  # a person never says both of a pair
        assert (one.worse, one.better) not in pairs(made)
