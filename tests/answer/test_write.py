"""What a model writes is shown only if the quotes hold it; whatever it writes, nothing else gets out.

The model here is a script, so that it can misbehave on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from everask.answer import AnswerSettings, answer
from everask.errors import ModelError
from everask.generator import Message
from everask.types import (
    Answer,
    Answered,
    AnswerEvent,
    ClaimChecked,
    Drafted,
    Evidence,
    Query,
    QuotesFound,
    StageStarted,
)

from .samples import make_evidence

PUMP = "The warranty of the pump lasts 24 months. It is made in Ulm."
FILTER = "The filter must be cleaned every 7 days. Use warm water."
ASKED = Query("How long does the warranty last?", "en")


class Script:
    """A generator that says its lines, one a call, in small pieces; the last line is repeated."""

    name = "script"
    adapters: tuple[str, ...] = ()

    def __init__(self, *replies: str) -> None:
        self.replies = list(replies)
        self.prompts: list[str] = []
        self.grammars: list[str] = []

    def stream(
        self,
        prompt: str | Sequence[Message],
        *,
        max_tokens: int,
        grammar: str | None = None,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] | None = None,
        adapter: str | None = None,
    ) -> Iterator[str]:
        """Pieces of three characters of the next reply."""
        self.prompts.append(prompt if isinstance(prompt, str) else "\n".join(one.content for one in prompt))
        self.grammars.append(grammar or "")
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        for at in range(0, len(reply), 3):
            if cancelled and cancelled():
                return
            yield reply[at : at + 3]

    def close(self) -> None:
        """Nothing to free."""


def run(
    script: Script, query: Query = ASKED, evidence: Sequence[Evidence] | None = None
) -> tuple[list[AnswerEvent], Answer]:
    """The events and the answer."""
    if evidence is None:
        evidence = [make_evidence(PUMP, 0.7), make_evidence(FILTER, 0.2, name="other")]
    events = list(answer(query, evidence, script, AnswerSettings()))
    last = events[-1]
    assert isinstance(last, Answered)
    return events, last.answer


def test_events_come_in_order_and_the_answer_is_cited() -> None:
    events, made = run(Script("The warranty lasts 24 months. [1]"))
    kinds = [type(one) for one in events]
    assert kinds[:2] == [QuotesFound, StageStarted]
    assert kinds[-2:] == [ClaimChecked, Answered] and Drafted in kinds
    assert (
        "".join(one.text for one in events if isinstance(one, Drafted)).strip()
        == "The warranty lasts 24 months."
    )
    assert made.text == "The warranty lasts 24 months." and made.model == "script"
    (claim,) = made.claims
    assert not claim.verbatim and claim.support >= 0.6
    assert claim.citations[0].quote == "The warranty of the pump lasts 24 months."


def test_the_right_quote_is_cited_whatever_number_the_model_names() -> None:
    _, made = run(Script("The warranty lasts 24 months. [2]"))
    assert made.claims[0].citations[0].document == "doc"


@pytest.mark.parametrize(
    "reply",
    [
        "The warranty lasts 36 months. [1]",
        "The warranty does not last 24 months. [1]",
        "The warranty by Siemens lasts 24 months. [1]",
        "The warranty lasts 24 months, see http://evil.example.com/a [1]",
        "Whales eat krill in the cold southern oceans all year. [1]",
        "**The warranty lasts forever** <script>alert(1)</script> [1]",
    ],
)
def test_what_the_quote_does_not_say_becomes_the_quote(reply: str) -> None:
    _, made = run(Script(reply))
    assert [claim.text for claim in made.claims] == ["The warranty of the pump lasts 24 months."]
    assert made.claims[0].verbatim and not made.abstained
    assert "evil" not in made.text and "<" not in made.text


def test_repeated_and_surplus_sentences_are_dropped() -> None:
    line = "The warranty lasts 24 months. [1]\n"
    _, made = run(Script(line * 5))
    assert len(made.claims) == 1
    _, made = run(
        Script(line + "The warranty lasts 36 months. [1]\nThe filter must be cleaned every 7 days. [2]")
    )
    assert [claim.verbatim for claim in made.claims] == [False, False]


def test_a_sentence_may_rest_on_two_quotes() -> None:
    evidence = [make_evidence(PUMP, 0.5), make_evidence(FILTER, 0.4, name="other")]
    said = "The warranty of the pump lasts 24 months and the filter must be cleaned every 7 days. [1]"
    _, made = run(Script(said), evidence=evidence)
    assert {citation.document for citation in made.claims[0].citations} == {"doc", "other"}


def test_declining_counts_only_where_the_evidence_is_unsure() -> None:
    unsure = [make_evidence(PUMP, 0.4)]
    script = Script("NOT FOUND")
    _, made = run(script, evidence=unsure)
    assert made.abstained and made.why and made.nearest == tuple(unsure)
    assert "NOT FOUND" in script.grammars[0]
    script = Script("The warranty lasts 24 months. [1]")
    run(script, evidence=[make_evidence(PUMP, 0.9)])
    assert "NOT FOUND" not in script.grammars[0]


def test_declining_and_then_answering_is_an_answer_where_the_evidence_is_sure() -> None:
    said = "NOT FOUND. The warranty lasts 24 months. [1]"
    _, made = run(Script(said), evidence=[make_evidence(PUMP, 0.45)])
    assert made.abstained
    _, made = run(Script(said), evidence=[make_evidence(PUMP, 0.9)])
    assert made.text == "The warranty lasts 24 months."
    _, made = run(Script("NOT FOUND"), evidence=[make_evidence(PUMP, 0.9)])
    assert made.claims[0].verbatim


def test_doubtful_evidence_is_not_quoted_when_the_model_finds_nothing_in_it() -> None:
    weak = [make_evidence(PUMP, 0.35)]
    _, made = run(Script("The warranty lasts 36 months. [1]"), evidence=weak)
    assert made.abstained and made.claims == ()
    _, made = run(Script("The warranty lasts 24 months. [1]"), evidence=weak)
    assert not made.abstained and made.claims


def test_weak_evidence_is_not_even_shown_to_the_model() -> None:
    script = Script("It lasts 24 months. [1]")
    _, made = run(script, evidence=[make_evidence(PUMP, 0.1)])
    assert made.abstained and script.prompts == []


def test_another_language_is_thrown_away_and_asked_again() -> None:
    german = Query("Wie lange gilt die Garantie der Pumpe?", "de")
    quote = make_evidence("Die Garantie der Pumpe gilt 24 Monate. Sie ist blau.", 0.8, "de")
    script = Script("The warranty of the pump lasts for 24 months. [1]", "Die Garantie gilt 24 Monate. [1]")
    events, made = run(script, german, [quote])
    assert made.text == "Die Garantie gilt 24 Monate." and len(script.prompts) == 2
    assert sum(isinstance(one, StageStarted) for one in events) == 2
    script = Script("The warranty of the pump lasts for 24 months. [1]")
    _, made = run(script, german, [quote])
    assert made.text == "Die Garantie der Pumpe gilt 24 Monate." and made.claims[0].verbatim


def test_a_model_without_grammar_or_numbers_is_understood() -> None:
    _, made = run(Script("- The warranty lasts 24 months.\n"))
    assert made.text == "The warranty lasts 24 months." and made.claims[0].citations


def test_a_model_that_fails_leaves_quotes_and_says_so() -> None:
    class Broken(Script):
        def stream(
            self,
            prompt: str | Sequence[Message],
            *,
            max_tokens: int,
            grammar: str | None = None,
            stop: Sequence[str] = (),
            cancelled: Callable[[], bool] | None = None,
            adapter: str | None = None,
        ) -> Iterator[str]:
            yield "The warranty "
            raise ModelError("The model server cannot be reached.", "Start it.")

    _, made = run(Broken(""))
    assert made.claims[0].verbatim and not made.abstained and made.model is None
    assert made.why == "The model server cannot be reached. Start it."


def test_cancelling_ends_without_an_answer() -> None:
    script = Script("The warranty lasts 24 months. [1]")
    seen: list[AnswerEvent] = []
    for event in answer(
        ASKED, [make_evidence(PUMP)], script, AnswerSettings(), cancelled=lambda: len(seen) > 3
    ):
        seen.append(event)
    assert not isinstance(seen[-1], Answered) and len(seen) < 8


def test_across_languages_without_an_encoder_the_quote_is_the_answer() -> None:
    german = Query("Wie lange gilt die Garantie?", "de")
    _, made = run(Script("Die Garantie gilt 24 Monate. [1]"), german)
    assert made.claims[0].verbatim and made.text == "The warranty of the pump lasts 24 months."


def test_the_taught_small_model_does_not_translate() -> None:
    script = Script("Die Garantie gilt 24 Monate. [1]")
    script.adapters = ("answer",)
    _, made = run(script, Query("Wie lange gilt die Garantie?", "de"))
    assert not script.prompts and made.model is None
    assert made.claims[0].verbatim and "24 months" in made.text
    _, made = run(script, ASKED)
    assert script.prompts
