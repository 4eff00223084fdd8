"""A follow-up question asked of the engine: its words, its limits, and its answer."""

from __future__ import annotations

from pathlib import Path

from everask.pipeline import Engine
from everask.pipeline.following import complete
from everask.retrieve import understand
from everask.types import Answered, Rewritten, StageStarted, Turn

WARRANTY = Turn("Wie lange gilt die Garantie für das Netzteil?", "24 Monate ab dem Kaufdatum.")


def rewritten(typed: str, *history: str) -> str:
    turns = [Turn(one, "") for one in history]
    return complete(typed, understand(typed, is_question=True), turns, lambda: None).rewritten


def test_limits_that_were_typed_hold_until_the_topic_changes() -> None:
    first = "How long is the warranty of the lamp? lang:de after:2020"
    assert rewritten("And for students?", first).endswith("(warranty lamp) lang:de after:2020")
    assert rewritten("And for teachers?", first, "And for students?").endswith("lang:de after:2020")
    assert rewritten("How do I print a table in landscape?", first) == ""
    assert rewritten("And for students?", first, "How do I print a table in landscape?") == (
        "And for students? (print table landscape)"
    )


def test_its_own_limits_take_the_place_of_those_before() -> None:
    assert rewritten("And in French? lang:fr", "How long is the warranty? lang:de").endswith(" lang:fr")


def test_what_takes_the_place_of_a_follow_up_leaves_its_words_out() -> None:
    assert "students" not in rewritten("And for teachers?", "How long is a loan?", "And for students?")


def test_a_follow_up_is_answered_and_says_how_it_was_understood(engine: Engine, pile: Path) -> None:
    engine.add([pile])
    events = list(engine.ask_stream("Und für den Akku?", history=[WARRANTY]))
    assert isinstance(events[0], Rewritten)
    assert "Garantie" in events[0].question
    assert events[1] == StageStarted("searching")
    last = events[-1]
    assert isinstance(last, Answered)
    assert last.answer.question == "Und für den Akku?"
    assert last.answer.rewritten == events[0].question
    assert any("Akku" in claim.text for claim in last.answer.claims)


def test_a_question_that_stands_alone_is_not_touched(engine: Engine, pile: Path) -> None:
    engine.add([pile])
    answer = engine.ask("Who founded the Debian Project?", history=[WARRANTY])
    assert answer.rewritten == ""
    assert "Ian Murdock" in answer.text


def test_work_that_is_cancelled_while_it_is_completed_ends(engine: Engine, pile: Path) -> None:
    engine.add([pile])
    assert list(engine.ask_stream("Und wie lange?", cancelled=lambda: True, history=[WARRANTY])) == []
