"""Documents that disagree are both named, in the asker's language; a newer version wins."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from everask.answer import AnswerSettings, answer
from everask.answer.wording import LANGUAGE_NAMES, differs, newer
from everask.types import Answer, Answered, Evidence, Filters, Query

from .samples import make_evidence

# Language, question, two sentences that contradict each other, what each says.
RIVALS = [
    ("en", "How long does the warranty last?", "The warranty of the pump lasts 24 months.",
     "The warranty of the pump lasts 36 months.", ("24 months", "36 months")),
    ("de", "Wie lange gilt die Garantie?", "Die Garantie der Pumpe gilt 24 Monate.",
     "Die Garantie der Pumpe gilt drei Jahre.", None),
    ("de", "Was kostet der Eintritt?", "Der Eintritt kostet 12 Euro.",
     "Der Eintritt kostet jetzt 15 Euro.", ("12 Euro", "15 Euro")),
    ("fr", "Quand ouvre le musée ?", "Le musée ouvre le 3 mai 2024.", "Le musée ouvre le 5 juin 2024.",
     ("3 mai 2024", "5 juin 2024")),
    ("es", "¿Cuánto pesa la bomba?", "La bomba pesa 12 kg.", "La bomba pesa 14 kg.", ("12 kg", "14 kg")),
    ("ru", "Сколько длится гарантия?", "Гарантия на насос длится 24 месяца.",
     "Гарантия на насос длится 12 месяцев.", ("24 месяца", "12 месяцев")),
    ("ar", "كم مدة الضمان؟", "مدة الضمان على المضخة ٢٤ شهرا.", "مدة الضمان على المضخة ١٢ شهرا.",
     ("24 شهرا", "12 شهرا")),
    ("hi", "वारंटी कितनी है?", "पंप की वारंटी 24 महीने की है।", "पंप की वारंटी 12 महीने की है।",
     ("24 महीने", "12 महीने")),
    ("zh", "保修期多长？", "该水泵的保修期为24个月。", "该水泵的保修期为36个月。", ("24个月", "36个月")),
    ("ja", "保証期間は？", "ポンプの保証期間は24か月です。", "ポンプの保証期間は36か月です。",
     ("24か月", "36か月")),
    ("en", "Where is the office of the company?", "The head office of the company is in Berlin.",
     "The head office of the company is in Hamburg.",
     ("Berlin", "Hamburg")),
    ("en", "Does the warranty cover batteries?", "The warranty of the pump covers batteries.",
     "The warranty of the pump does not cover batteries.", ("The warranty of the pump covers batteries.",
     "The warranty of the pump does not cover batteries.")),
]  # fmt: skip

FRIENDS = [
    ("en", "How long does the warranty last?", "The warranty of the pump lasts 24 months.",
     "The warranty of the pump is 24 months long."),
    ("en", "How long does the warranty last?", "The warranty of the pump lasts 24 months.",
     "The warranty of the Acme heater lasts 36 months."),
    ("en", "How long does the warranty last?", "The warranty lasts 24 months.",
     "The filter must be cleaned every 7 days."),
    ("en", "How heavy is it?", "The pump weighs 12 kg.", "The pump lifts 30 m."),
    ("en", "When was it built?", "The bridge was built in 1990.", "The bridge was built on 3 May 1990."),
    ("de", "Wie lange gilt sie?", "Die Garantie gilt zwei Jahre.", "Die Garantie gilt 2 Jahre."),
    ("zh", "保修期多长？", "保修期为24个月。", "保修期为二十四个月。"),
    ("en", "Who was the first king?", "The first king was Alfred, who reigned 28 years.",
     "The castle has 300 rooms and 12 towers."),
]  # fmt: skip


def ask(language: str, question: str, evidence: Sequence[Evidence]) -> Answer:
    """The answer in quotes."""
    last = list(answer(Query(question, language), evidence, None, AnswerSettings()))[-1]
    assert isinstance(last, Answered)
    return last.answer


def dated(evidence: Evidence, name: str, *, modified: float = 0.0, title: str = "Manual") -> Evidence:
    """The same evidence in a document of this name and time."""
    document = dataclasses.replace(
        evidence.hit.document, id=f"id-{name}", name=name, modified=modified, title=title
    )
    return dataclasses.replace(evidence, hit=dataclasses.replace(evidence.hit, document=document))


@pytest.mark.parametrize(("language", "question", "one", "other", "said"), RIVALS)
def test_documents_that_disagree_are_both_named(
    language: str, question: str, one: str, other: str, said: tuple[str, str] | None
) -> None:
    evidence = [
        make_evidence(one, 0.5, language, name="a"),
        make_evidence(other, 0.3, language, name="b"),
    ]
    made = ask(language, question, evidence)
    if said is None:  # months and years are not compared: silence is right
        assert made.notes == ()
        return
    (note,) = made.notes
    assert note.kind == "disagreement"
    assert {citation.document for citation in note.citations} == {"a", "b"}
    assert all(one in note.text for one in said)
    assert note.text == differs([(said[0], "a"), (said[1], "b")], language)


@pytest.mark.parametrize(("language", "question", "one", "other"), FRIENDS)
def test_what_does_not_contradict_is_no_disagreement(
    language: str, question: str, one: str, other: str
) -> None:
    evidence = [
        make_evidence(one, 0.5, language, name="a"),
        make_evidence(other, 0.3, language, name="b"),
    ]
    assert ask(language, question, evidence).notes == ()


def test_one_document_does_not_disagree_with_itself() -> None:
    evidence = [make_evidence("It costs 12 euros.", 0.5), make_evidence("It costs 15 euros.", 0.3)]
    assert ask("en", "What does it cost?", evidence).notes == ()


def test_what_the_question_names_must_be_in_both() -> None:
    one = make_evidence("The warranty lasts 24 months. It is for the A200.", 0.5, name="a")
    other = make_evidence("The warranty lasts 36 months. It is for the B300.", 0.3, name="b")
    assert ask("en", "How long does the warranty of the A200 last?", [one, other]).notes == ()


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("manual v2", "manual v1"),
        ("manual_v10", "manual_v9"),
        ("manual 2024-05", "manual 2023-11"),
        ("2024/prices", "2023/prices"),
        ("manual", "manual old"),
        ("manual version 3", "manual"),
        ("说明书 第3版", "说明书 第2版"),
        ("manual neu", "manual"),
    ],
)
def test_the_newer_version_wins_and_is_named(new: str, old: str) -> None:
    older = dated(make_evidence("The warranty of the pump lasts 24 months.", 0.6), old, modified=9e8)
    newest = dated(make_evidence("The warranty of the pump lasts 36 months.", 0.3), new, modified=1e8)
    made = ask("en", "How long does the warranty last?", [older, newest])
    assert made.text == "The warranty of the pump lasts 36 months."
    assert [citation.document for claim in made.claims for citation in claim.citations] == [new]
    (note,) = made.notes
    assert note.kind == "newer" and [one.document for one in note.citations] == [new, old]
    assert "24 months" in note.text and new in note.text and old in note.text


def test_where_names_say_nothing_the_time_decides_for_near_copies() -> None:
    text = (
        "The warranty of the pump lasts {} months. It covers the motor, the housing, all seals and the cable."
    )
    older = dated(make_evidence(text.format(24), 0.6), "first", modified=1e8)
    newest = dated(make_evidence(text.format(36), 0.3), "second", modified=2e8)
    made = ask("en", "How long does the warranty last?", [older, newest])
    assert "36 months" in made.text and made.notes[0].kind == "newer"
    same_time = [older, dated(newest, "second", modified=1e8)]
    assert ask("en", "How long does the warranty last?", same_time).notes[0].kind == "disagreement"


def test_versions_that_say_the_same_need_no_note() -> None:
    older = dated(make_evidence("The warranty lasts 24 months.", 0.6), "manual v1")
    newest = dated(make_evidence("The warranty now lasts 24 months.", 0.3), "manual v2")
    made = ask("en", "How long does the warranty last?", [older, newest])
    assert made.notes == () and made.claims[0].citations[0].document == "manual v2"


def test_every_wording_has_its_places() -> None:
    for language in [*LANGUAGE_NAMES, "xx"]:
        assert "“5 kg” (A)" in differs([("5 kg", "A"), ("6 kg", "B")], language)
        assert all(one in newer("{older}", "B", "5 kg", language) for one in ("{older}", "B", "5 kg"))


def test_an_abstention_names_what_was_looked_for() -> None:
    weak = make_evidence("Die Pumpe ist blau.", 0.05, "de")
    query = Query("How long does the warranty last?", "en", Filters(languages=("de",), folder="/manuals"))
    last = list(answer(query, [weak], None, AnswerSettings()))[-1]
    assert isinstance(last, Answered) and last.answer.abstained
    lines = last.answer.looked_for
    assert lines[0].startswith("words: ") and "warranty" in lines[0] and "the" not in lines[0].split(", ")
    assert lines[1:] == ("languages: de", "limits: lang:de, in:/manuals")
    german = list(answer(Query("Wie lange gilt die Garantie?", "de"), [weak], None, AnswerSettings()))[-1]
    assert isinstance(german, Answered) and german.answer.looked_for[0].startswith("Wörter: ")
