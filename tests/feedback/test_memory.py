"""What is remembered of a passage: oneself counts whole, others by person, and a flood is one voice."""

from __future__ import annotations

from everask.feedback import Remembered, recall
from everask.feedback.memory import NEAR, SAME, trust


def test_ones_own_judgement_of_the_same_question_counts_whole() -> None:
    assert recall([Remembered(7, None, 1.0, 1.0)], None) == {7: 1.0}


def test_another_person_counts_half_and_more_when_more_agree() -> None:
    one = recall([Remembered(7, 1, 1.0, 1.0)], 2)[7]
    three = recall([Remembered(7, user, 1.0, 1.0) for user in (1, 3, 4)], 2)[7]
    assert one == 0.5
    assert three == 0.75


def test_a_flood_of_one_person_is_one_voice() -> None:
    flood = [Remembered(7, 1, -1.0, 1.0)] * 10_000
    friends = [Remembered(7, user, 1.0, 1.0) for user in (3, 4, 5)]
    assert recall(flood + friends, 2)[7] > 0


def test_a_question_that_is_not_like_this_one_says_nothing() -> None:
    assert recall([Remembered(7, None, 1.0, NEAR)], None) == {}
    assert trust(SAME) == 1.0
    assert 0 < trust((NEAR + SAME) / 2) < 0.5


def test_what_many_open_for_the_same_question_counts_more_than_what_one_does() -> None:
    one, ten = (
        recall([Remembered(7, user, 0.1, 1.0) for user in range(count)], None)[7] for count in (1, 10)
    )
    assert one < 0.2 and ten > 0.6
    assert recall([Remembered(7, 1, 0.1, 1.0)] * 10_000, None)[7] == one
    near = (NEAR + SAME) / 2
    assert recall([Remembered(7, user, 0.1, near) for user in range(10)], None)[7] < one


def test_what_many_open_and_people_vote_against_does_not_come_first() -> None:
    clicks = [Remembered(7, user, 0.1, 1.0) for user in range(4)]
    against = [Remembered(7, user, -0.4, 1.0) for user in (5, 6, 7)]
    assert recall(clicks + against, None)[7] < 0.1 < recall(clicks, None)[7]
