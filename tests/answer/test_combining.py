"""What the model is shown: each thing once, several documents, short; and quotes that read well."""

from __future__ import annotations

import dataclasses
import time

from everask.answer import AnswerSettings, answer
from everask.answer.prompts import build_messages
from everask.answer.quotes import choose_quotes, quote_claim
from everask.answer.write import choose_prompt
from everask.types import Answered, Evidence, Query

from .samples import make_evidence
from .test_write import Script, run

HOPS = [
    make_evidence("The band Moonlight was founded by Anna Berg in Oslo. More.", 0.5, name="band"),
    make_evidence("Anna Berg was born in Tromsø in 1970. More.", 0.3, name="person"),
]


def test_near_copies_are_shown_once_but_other_figures_are_kept() -> None:
    text = "The warranty of the pump lasts {} months for all parts of the pump."
    twins = [
        make_evidence(text.format(24), 0.4, name="a"),
        make_evidence(text.format(24).replace("all", "any"), 0.3, name="b"),
        make_evidence(text.format(36), 0.2, name="c"),
    ]
    assert [one.hit.document.name for one in choose_prompt(twins, 220)] == ["a", "c"]
    assert [one.hit.document.name for one in choose_quotes(twins, 3)] == ["a", "c"]


def test_another_document_is_not_crowded_out() -> None:
    said = [
        "The pump runs on mains power.",
        "A filter keeps sand out.",
        "Motors need oil every spring.",
        "Valves close by themselves.",
        "Use a thick cable outdoors.",
        "Switches glow at night.",
    ]
    crowd = [make_evidence(one, 0.2, name="long") for one in said]
    evidence = [*crowd, make_evidence("Everything comes from Ulm.", 0.05, name="other")]
    chosen = choose_prompt(evidence, 220)
    assert len(chosen) == 5 and {one.hit.document.name for one in chosen} == {"long", "other"}


def test_what_does_not_fit_makes_room_for_what_does() -> None:
    evidence = [
        make_evidence("The pump is blue.", 0.4),
        make_evidence("It " + "very " * 400 + "long.", 0.3, name="b"),
        make_evidence("The valve is green.", 0.2, name="c"),
    ]
    assert [one.hit.document.name for one in choose_prompt(evidence, 60)] == ["doc", "c"]


def test_two_sentences_cite_two_documents() -> None:
    said = "The band Moonlight was founded by Anna Berg in Oslo. [1]\nAnna Berg was born in Tromsø. [2]"
    _, made = run(Script(said), Query("Where was the founder of Moonlight born?", "en"), HOPS)
    assert [claim.citations[0].document for claim in made.claims] == ["band", "person"]
    assert made.notes == ()


def test_a_list_item_is_shown_without_its_bullet_and_cited_with_it() -> None:
    for bullet in ("- ", "• ", "a) ", "(2) ", "* "):
        claim = quote_claim(make_evidence(f"{bullet}Keep the pump dry."))
        assert claim.text == "Keep the pump dry."
        assert claim.citations[0].quote == f"{bullet}Keep the pump dry."
    assert quote_claim(make_evidence("3. Oktober 1990 war ein Mittwoch", language="de")).text[0] == "3"
    assert quote_claim(make_evidence("-5 °C is the least.")).text.startswith("-5")


def test_empty_cells_are_not_shown() -> None:
    found = make_evidence("Lisbon | 42 | | -", 0.9)
    passage = dataclasses.replace(found.hit.passage, kind="table")
    context = "City: Lisbon | Employees: 42 | Fax: | Opened: -"
    row = dataclasses.replace(found, hit=dataclasses.replace(found.hit, passage=passage), context=context)
    assert quote_claim(row).text == "City: Lisbon | Employees: 42"


def test_a_hundred_pages_as_a_question_cost_no_more_than_a_page() -> None:
    pages = "The pump is old and loud. " * 12_000 + "How long does the warranty last?"
    prompt = build_messages(Query(pages, "en"), ["It lasts 24 months."])[1].content
    assert len(prompt) < 2_000 and prompt.count("How long does the warranty last?") == 1
    evidence: list[Evidence] = [make_evidence("The warranty lasts 24 months.", 0.8)]
    started = time.process_time()
    last = list(answer(Query(pages, "en"), evidence, Script("It lasts 24 months. [1]"), AnswerSettings()))[-1]
    assert isinstance(last, Answered) and last.answer.claims
    assert time.process_time() - started < 10


def test_a_language_that_nothing_here_knows_gets_quotes_and_words() -> None:
    asked = Query("ᎦᏙ ᎤᏍᏗ ᎯᎠ", "chr")
    evidence = [make_evidence("The warranty lasts 24 months.", 0.8)]
    _, made = run(Script("ᎯᎠ 24 ᏏᏅᏓ. [1]"), asked, evidence)
    assert made.claims[0].verbatim and made.claims[0].citations[0].quote == "The warranty lasts 24 months."
    last = list(answer(asked, [make_evidence("It is blue.", 0.01)], None, AnswerSettings()))[-1]
    assert isinstance(last, Answered) and last.answer.abstained and last.answer.looked_for
