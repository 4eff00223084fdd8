"""Events as evidence: what counts, what it is worth, and what does not count twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from everask.feedback import judge, question_key
from everask.feedback.judgements import AGAINST, WORTH
from everask.types import Event

VOTE = Event("voted", 1.0, ask="a", question="How long?", claim=0, document_id="d", start=5, end=9, value=1.0)


def test_a_vote_for_a_sentence_speaks_for_its_place() -> None:
    (found,) = judge([VOTE])
    assert (found.document_id, found.start, found.end) == ("d", 5, 9)
    assert found.weight == WORTH["voted"]


def test_of_two_votes_the_later_counts() -> None:
    (found,) = judge([replace(VOTE, value=-1.0, at=2.0), VOTE])
    assert found.weight == -AGAINST * WORTH["voted"]


def test_a_vote_that_was_taken_back_weighs_nothing() -> None:
    (found,) = judge([VOTE, replace(VOTE, value=0.0, at=2.0)])
    assert found.weight == 0


def test_ten_thousand_votes_of_one_person_are_one_judgement() -> None:
    flood = [replace(VOTE, at=float(at), ask=str(at)) for at in range(10_000)]
    assert len(judge(flood)) == 1


def test_the_strongest_act_counts() -> None:
    opened = replace(VOTE, kind="opened", at=3.0, value=None)
    corrected = replace(VOTE, kind="corrected", at=2.0, value=None)
    (found,) = judge([opened, corrected, VOTE])
    assert found.weight == WORTH["corrected"]


@pytest.mark.parametrize("kind", ["asked", "shown", "commented", "tagged"])
def test_what_says_nothing_of_a_place_is_no_judgement(kind: str) -> None:
    assert judge([replace(VOTE, kind=kind, value=None)]) == []  # type: ignore[arg-type]


def test_what_has_no_place_or_no_question_is_no_judgement() -> None:
    assert (
        judge([replace(VOTE, start=None), replace(VOTE, document_id=""), replace(VOTE, question=" ?! ")])
        == []
    )


def test_votes_out_of_bounds_are_cut() -> None:
    assert judge([replace(VOTE, value=1e9)])[0].weight == WORTH["voted"]


def test_questions_that_differ_in_case_width_and_marks_are_the_same() -> None:
    assert question_key("  How LONG is the ｗarranty?") == question_key("how long is the warranty")
    assert question_key("保修期多长？") == question_key("保修期多长")
    assert question_key("one") != question_key("two")
