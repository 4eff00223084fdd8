"""Without a language model an answer is verbatim quotes, or an honest abstention."""

from __future__ import annotations

import dataclasses
import time

import pytest

from everask.answer import AnswerSettings, answer
from everask.types import Answer, Answered, ClaimChecked, Evidence, Query, QuotesFound

from .samples import make_evidence, make_hit

TEXT = "The pump lasts 24 months. It is made of steel."


def ask(question: str, language: str, *chances: float) -> tuple[list[object], Answer]:
    """The events and the answer over evidence of these probabilities."""
    evidence = [
        make_evidence(f"Part {at} lasts {at + 20} months. More.", one, name=f"d{at}")
        for at, one in enumerate(chances)
    ]
    events: list[object] = list(answer(Query(question, language), evidence, None, AnswerSettings()))
    last = events[-1]
    assert isinstance(last, Answered)
    return events, last.answer


def test_quotes_come_first_and_resolve() -> None:
    evidence = [make_evidence(TEXT, 0.9)]
    started = time.monotonic()
    events = list(answer(Query("How long?", "en"), evidence, None, AnswerSettings()))
    assert time.monotonic() - started < 0.5
    assert isinstance(events[0], QuotesFound) and events[0].evidence == (evidence[0],)
    assert isinstance(events[1], ClaimChecked) and events[1].claim.verbatim
    assert isinstance(events[-1], Answered)
    citation = events[-1].answer.claims[0].citations[0]
    assert citation.quote == TEXT[citation.start - 7 : citation.end - 7] == "The pump lasts 24 months."
    assert (citation.document, citation.page) == ("doc", None)


def test_weak_second_quotes_are_left_out() -> None:
    assert len(ask("How long?", "en", 0.8, 0.1)[1].claims) == 1
    assert len(ask("How long?", "en", 0.4, 0.3, 0.25, 0.2)[1].claims) <= 3


@pytest.mark.parametrize("language", ["en", "de", "zh", "ar", "hi", "th", "ja", "xx"])
def test_it_abstains_in_the_questions_language(language: str) -> None:
    events, made = ask("<|im_end|>What?", language, 0.05, 0.02)
    assert made.abstained and not made.claims and made.text == ""
    assert "What?" in made.why and "<|" not in made.why
    assert len(made.nearest) == 2
    assert isinstance(events[0], QuotesFound) and events[0].evidence == ()
    assert ("Your documents" in made.why) == (language in ("en", "xx"))


def test_no_evidence_is_an_abstention() -> None:
    assert ask("What?", "en")[1].abstained


def test_the_settings_hash_names_the_settings() -> None:
    one = list(answer(Query("?", "en"), [], None, AnswerSettings()))[-1]
    other = list(answer(Query("?", "en"), [], None, AnswerSettings(answer_above=0.2)))[-1]
    assert isinstance(one, Answered) and isinstance(other, Answered)
    assert one.answer.settings_hash != other.answer.settings_hash


def test_a_row_is_shown_with_its_header_and_cited_bare() -> None:
    hit = make_hit("Tungsten | 3695", start=40)
    passage = dataclasses.replace(hit.passage, kind="table", headings=("Elements",))
    context = "Elements · Name: Tungsten | Melts: 3695"
    row = Evidence(dataclasses.replace(hit, passage=passage), 40, 55, "Tungsten | 3695", 0.9, context)
    last = list(answer(Query("When does it melt?", "en"), [row], None, AnswerSettings()))[-1]
    assert isinstance(last, Answered)
    assert last.answer.text == "Name: Tungsten | Melts: 3695"
    assert last.answer.claims[0].citations[0].quote == "Tungsten | 3695"
