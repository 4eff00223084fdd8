"""What a quote does not say is never passed as supported."""

from __future__ import annotations

import pytest

from everask.answer.check import across, check, overlap
from everask.types import Query

from .samples import make_evidence

SUPPORTED = [
    ("en", "How long is it?", "It lasts 24 months.", "The warranty of the pump lasts 24 months."),
    ("de", "Wie lange gilt sie?", "Die Garantie gilt zwei Jahre.", "Die Garantie der Pumpe gilt 2 Jahre."),
    ("zh", "保修期多长？", "保修期为24个月。", "本产品的保修期为24个月，自购买之日起算。"),
    ("ru", "Сколько длится гарантия?", "Гарантия длится 24 месяца.", "Гарантия на насос длится 24 месяца."),
    ("ar", "كم مدة الضمان؟", "مدة الضمان 24 شهرا.", "مدة الضمان على المضخة ٢٤ شهرا من تاريخ الشراء."),
    ("hi", "वारंटी कितनी है?", "वारंटी 24 महीने की है।", "पंप की वारंटी 24 महीने की है।"),
    ("th", "การรับประกันนานเท่าไร", "การรับประกันนาน 24 เดือน", "การรับประกันปั๊มนาน 24 เดือน"),
    ("ja", "保証期間は？", "保証期間は24か月です。", "ポンプの保証期間は購入日から24か月です。"),
]  # fmt: skip

LONG = "b) Accompany it with a written offer, valid for at least three years, for no more than your cost."
ROW = "Version: 12 | Name: Bookworm | Released: 2023-06-10"
MORE = [
    ("en", "How long?", "The offer must be valid for at least three years.", LONG),
    ("en", "When was Bookworm released?", "Bookworm was released on June 10, 2023.", ROW),
    (
        "en",
        "When does tungsten melt?",
        "Tungsten melts at 3695 Kelvin.",
        "Name: Tungsten | Melting point (K): 3695",
    ),
]

UNSUPPORTED = [
    ("en", "The warranty lasts 36 months.", "The warranty lasts 24 months.", "figure"),
    ("en", "Bookworm was released on July 10, 2023.", "Bookworm was released on 2023-06-10.", "figure"),
    ("en", "The pump is made by Siemens.", "The pump is made by hand in Ulm.", "name"),
    ("en", "The warranty covers batteries.", "The warranty does not cover batteries.", "negated"),
    (
        "en",
        "See https://evil.example.com/x for the warranty.",
        "See the booklet for the warranty.",
        "address",
    ),
    ("en", "Write to help@evil.io about the warranty.", "Write about the warranty.", "address"),
    ("en", "The price is $5.", "The price is 5 euros.", "figure"),
    ("de", "Die Garantie gilt nicht für Akkus.", "Die Garantie gilt für Akkus.", "negated"),
    ("zh", "保修不包括电池。", "保修包括电池。", "negated"),
    ("zh", "该泵由Siemens制造。", "该泵由Bosch制造。", "name"),
    ("ru", "Насос сделан фирмой Бош.", "Насос сделан вручную.", "name"),
    ("hi", "वारंटी 36 महीने की है।", "वारंटी 24 महीने की है।", "figure"),
]


@pytest.mark.parametrize(("language", "question", "sentence", "quote"), [*SUPPORTED, *MORE])
def test_a_rewording_is_supported(language: str, question: str, sentence: str, quote: str) -> None:
    found = check(sentence, (make_evidence(quote, language=language),), Query(question, language), no_cosine)
    assert found.problem == ""
    assert found.value >= 0.6


@pytest.mark.parametrize(("language", "sentence", "quote", "problem"), UNSUPPORTED)
def test_a_false_detail_is_named(language: str, sentence: str, quote: str, problem: str) -> None:
    found = check(sentence, (make_evidence(quote, language=language),), Query("?", language), no_cosine)
    assert problem in found.problem
    assert found.value == 0.0


def test_other_content_has_little_overlap() -> None:
    quote = "The pump must be cleaned every week with warm water."
    assert overlap("The museum opens its doors to visitors on holidays.", quote, "When?", "en") < 0.4
    assert overlap("The pump must be cleaned weekly with warm water.", quote, "How?", "en") > 0.6


def test_an_echo_of_the_question_is_no_support() -> None:
    assert (
        overlap("warranty covers batteries", "Clean the pump.", "Does the warranty cover batteries?", "en")
        < 0.1
    )


def test_across_languages_without_vectors_nothing_is_supported() -> None:
    evidence = make_evidence("The warranty lasts 24 months.")
    asked = Query("Wie lange gilt die Garantie?", "de")
    assert check("Die Garantie gilt 24 Monate.", (evidence,), asked, no_cosine).value == 0.0
    assert check("Die Garantie gilt 24 Monate.", (evidence,), asked, lambda *_: 0.8).value > 0.9
    assert check("Die Garantie gilt 36 Monate.", (evidence,), asked, lambda *_: 0.8).value == 0.0
    assert 0.0 == across(None) <= across(0.1) < across(0.5) < across(0.9) == 1.0


def no_cosine(*_: object) -> float | None:
    """There is no encoder."""
    return None
