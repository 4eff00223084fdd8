"""The steps of an answer's sentences, kept, quoted and dropped; and when a model is worth asking."""

from __future__ import annotations

from everask.answer import AnswerSettings, answer
from everask.answer.saving import needs_draft
from everask.trajectory import Step, Trajectory
from everask.types import Answered, Query

from .samples import make_evidence
from .test_write import ASKED, FILTER, PUMP, Script, run


def kinds(trajectory: Trajectory) -> list[tuple[str, str, int | None]]:
    return [(one.kind, one.outcome, one.claim) for one in trajectory.steps]


def test_a_sentence_that_is_kept_and_one_that_is_dropped() -> None:
    reply = "The warranty lasts 24 months. [1]\nWhales eat krill in the cold southern oceans. [1]"
    _, made = run(Script(reply))
    assert kinds(made.trajectory)[:2] == [("sentence", "kept", 0), ("cite", "kept", 0)]
    assert kinds(made.trajectory)[2:] == [("sentence", "dropped", None), ("cite", "dropped", None)]
    assert made.trajectory.num_drafts == 1
    kept, dropped = made.trajectory.steps[0].features, made.trajectory.steps[2].features
    assert kept["support"] > dropped["support"] and kept["figures"] == 1 and kept["new"] < 1


def test_a_wrong_figure_and_a_wrong_sum_are_known() -> None:
    _, made = run(Script("The warranty lasts 36 months. [1]"))
    first = made.trajectory.steps[0]
    assert first.outcome == "quoted"  # the quote stands in its place
    _, made = run(Script("The warranty lasts 12 + 12 = 36 months. [1]"))
    assert made.trajectory.num_drafts == 1


def test_quotes_have_steps_and_no_drafts() -> None:
    evidence = [make_evidence(PUMP, 0.7), make_evidence(FILTER, 0.2, name="other")]
    (made,) = [
        one.answer for one in answer(ASKED, evidence, None, AnswerSettings()) if isinstance(one, Answered)
    ]
    assert kinds(made.trajectory) == [("sentence", "quoted", 0), ("cite", "quoted", 0)]
    assert made.trajectory.num_drafts == 0


def test_no_step_holds_words_of_documents() -> None:
    _, made = run(Script("The warranty lasts 24 months. [1]"))
    for step in made.trajectory.steps:
        assert all(isinstance(value, float) for value in step.features.values())
        assert "warranty" not in f"{step.outcome} {' '.join(step.features)}"


def test_when_a_model_is_worth_asking() -> None:
    def wanted(score: float | None, probability: float, language: str = "en") -> bool:
        evidence = [make_evidence(PUMP, probability, language)]
        return needs_draft(ASKED, evidence, [Step("choose", score=score)], AnswerSettings())

    assert not wanted(0.95, 0.9)  # the quote says it
    assert wanted(0.95, 0.9, "de")  # not in the asker's language
    assert wanted(0.6, 0.6)
    assert not wanted(0.05, 0.25)  # nothing would hold
    assert wanted(0.05, 0.6)  # a quote would be shown: let it be looked at
    assert wanted(None, 0.9)
    assert needs_draft(Query("?", "en"), [], [], AnswerSettings())


def test_the_weakest_step() -> None:
    steps = (Step("retrieve", score=0.9), Step("choose", score=0.2), Step("sentence"))
    assert Trajectory(steps).weakest() is steps[1]
    assert Trajectory().weakest() is None
