"""What people type: phrases in every style of quotation marks, minus, filters, and what must stay text."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from everask.retrieve.understand import MAX_CHARACTERS, MAX_PHRASES, MAX_WITHOUT, understand
from everask.types import Filters

PDF = "application/pdf"


def seconds(year: int, month: int = 1, day: int = 1) -> float:
    return datetime.datetime(year, month, day, tzinfo=datetime.UTC).timestamp()


@pytest.mark.parametrize(
    "typed",
    [
        '"two years"',
        "“two years”",
        "„two years“",
        "„two years”",
        "”two years”",
        "«two years»",
        "« two years »",
        "»two years«",
        "‹two years›",
        "「two years」",
        "『two years』",
        "＂two years＂",
        "〝two years〟",
    ],
)
def test_every_style_of_quotation_marks_makes_a_phrase(typed: str) -> None:
    found = understood = understand(f"warranty {typed} battery")
    assert found.filters.phrases == ("two years",)
    assert understood.text == "warranty two years battery"


def test_a_phrase_within_text_without_spaces() -> None:
    found = understand('请找"保修期"的规定')
    assert (found.text, found.filters.phrases) == ("请找保修期的规定", ("保修期",))


def test_minus_and_quotes_take_words_out() -> None:
    found = understand('warranty -battery -"two years" -„alte Geräte“ −rent')
    assert found.text == "warranty"
    assert found.filters.without == ("battery", "two years", "alte Geräte", "rent")


def test_filters_with_values_of_every_kind() -> None:
    found = understand(
        "lang:de,fr Type:PDF after:2025 before:2025-03-15 folder:reports "
        'in:"My files" title:„Hand buch“ Garantie'
    )
    assert found.text == "Garantie"
    assert found.filters == Filters(
        languages=("de", "fr"),
        media_types=(PDF,),
        after=seconds(2025),
        before=seconds(2025, 3, 15),
        folders=("reports", "My files"),
        titles=("Hand buch",),
    )
    assert not found.hints


@pytest.mark.parametrize(
    "typed",
    [
        "Note: the pump stops at 10:30",
        "see http://example.org/a?b=c or C:\\path\\file",
        "-5 °C outside, -3.5 % growth",
        "e-mail, well-known; foo - bar — baz",
        "--option and -–dash",
        "Ein- und -ausgabe",
        '5" pipes and 3" tubes',
        "it's rock 'n' roll",
        "lang: de, type : pdf",
        "x:y std::vector a::b",
        'one " only',
        "SELECT * FROM passages; DROP TABLE passages",
        "NEAR(a b) AND c* OR {body}: ^d",
    ],
)
def test_ordinary_text_stays_as_it_is(typed: str) -> None:
    found = understand(typed)
    assert (found.text, found.filters) == (typed, Filters())


@pytest.mark.parametrize("typed", ["lang:xx-unknown", "after:notadate", "before:2025-13", "type:2"])
def test_a_value_that_cannot_be_stays_in_the_text_and_is_told(typed: str) -> None:
    found = understand(f"{typed} diabetes")
    assert (found.text, found.filters) == (f"{typed} diabetes", Filters())
    assert len(found.hints) == 1 and typed in found.hints[0]


def test_what_is_typed_narrows_what_is_given() -> None:
    given = Filters(languages=("de", "fr"), after=seconds(2024), before=seconds(2026), folder="/a")
    found = understand("lang:fr after:2025 before:2027 x", given)
    assert found.filters.languages == ("fr",)
    assert (found.filters.after, found.filters.before) == (seconds(2025), seconds(2026))
    assert found.filters.folder == "/a"
    nothing = understand("lang:ru x", given)
    assert not nothing.text and "ru" in nothing.hints[0]
    assert not understand("after:2026 before:2025 x").text


@pytest.mark.parametrize("typed", ["", "  \n", "???", "—…!", "\0\0", '""', "-battery", "lang:de", "«»"])
def test_nothing_to_look_for_is_said(typed: str) -> None:
    found = understand(typed)
    assert found.text == ""
    assert found.hints


def test_too_much_is_cut_and_told() -> None:
    long = understand("word " * 30_000)
    assert len(long.text) <= MAX_CHARACTERS and "characters" in long.hints[0]
    many = understand("pump " + " ".join(f"-w{number}" for number in range(1_000))[:3_000])
    assert len(many.filters.without) == MAX_WITHOUT and len(many.hints) == 1
    quoted = understand(" ".join(f'"a{number}"' for number in range(30)))
    assert len(quoted.filters.phrases) == MAX_PHRASES


PIECES = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.sampled_from(
            [
                '"',
                "„",
                "“",
                "«",
                "」",
                " -",
                "lang:",
                "after:",
                "type:pdf",
                "title:",
                "🙂",
                "保修",
                "\0",
                "\ud800",
            ]
        ),
    ),
    max_size=30,
).map("".join)


@given(PIECES)
@example("lang:ⅷ after:٢٠٢٥ -")
@settings(max_examples=300, deadline=None)
def test_anything_can_be_typed(typed: str) -> None:
    found = understand(typed)
    assert found.text or found.hints
    assert len(found.text) <= MAX_CHARACTERS + 2 * MAX_PHRASES
    assert understand(found.text).text or not found.text or set(found.text) <= set(typed)


def test_in_what_is_put_to_ask_quotation_marks_do_not_narrow_unless_they_are_all_there_is() -> None:
    asked = 'band of "Blue Song" -live'
    assert understand(asked).filters.phrases == ("Blue Song",)
    loose = understand(asked, is_question=True)
    assert loose.filters == Filters(without=("live",)) and loose.preferred == ("Blue Song",)
    assert loose.text == "band of Blue Song"
    assert understand('"Blue Song"', is_question=True).filters.phrases == ("Blue Song",)


@pytest.mark.parametrize(
    "typed",
    [
        'How many nations contain "Amazonas"?',
        "Τι σημαίνει «plug-out»;",
        'ماذا عنت "دا يوان"؟',
        "「こぶ正」と呼ばれた人物は誰か",
        '¿Qué es un "primo gemelo"',
        'the name of the band that wrote the song "Blue Song" in 1999',
    ],
)
def test_quotation_marks_in_a_question_prefer_and_do_not_narrow(typed: str) -> None:
    found = understand(typed)
    assert found.filters == Filters() and len(found.preferred) == 1
    assert found.preferred[0] in found.text


@pytest.mark.parametrize(
    "typed",
    ['warranty "date of purchase" -battery', '"What is it?"', '"two years" of warranty', "保修期 “两年”"],
)
def test_quotation_marks_narrow_a_search_of_few_words(typed: str) -> None:
    found = understand(typed)
    assert found.filters.phrases and not found.preferred
