"""Answers are judged by gold passage and gold string; who abstains well has a high AUROC."""

from __future__ import annotations

import pytest

from everask.evaluate.abstention import auroc, auroc_interval, precision_at, risk_curve
from everask.evaluate.answers import (
    Cited,
    Outcome,
    Said,
    Wanted,
    holds_string,
    measure_answers,
    measure_one,
    split_cited,
    wrong_numbers,
)

WANTED = Wanted("1", "When was it built?", "en", ("1887", "in 1887"), frozenset({"a"}))
RIGHT = Cited("a", "Work on the tower began on 28 January 1887.", "The tower. It has 1,710 steps.")
OTHER = Cited("b", "Another tower was begun in 1901.")


@pytest.mark.parametrize(
    ("text", "string", "expected"),
    [
        ("It was begun in 1887.", "1887", True),
        ("It was begun in 18871.", "1887", False),
        ("Es begann im Jahr ١٨٨٧", "1887", True),
        ("The IT department", "IT", True),
        ("They itch", "it", False),
        ("法国巴黎，1887年", "巴黎", True),
        ("Second World-War", "world war", True),
        ("Straße", "strasse", True),
        ("nothing", "", False),
    ],
)
def test_a_string_is_found_whatever_its_form(text: str, string: str, expected: bool) -> None:
    assert holds_string(text, string) is expected


def test_a_right_answer() -> None:
    said = (Said("Work on it began in January 1887.", (RIGHT,)),)
    values = measure_one(Outcome(WANTED, True, said))
    assert values == {
        "answered": 1.0,
        "gold cited": 1.0,
        "gold quoted": 1.0,
        "recall": 1.0,
        "precision": 1.0,
        "language": 1.0,
        "numbers right": 1.0,
    }


def test_a_citation_of_another_passage_counts_against_both_precision_and_recall() -> None:
    said = (Said("It was begun in 1887.", (OTHER,)), Said("It is a tower.", (RIGHT, OTHER)))
    values = measure_one(Outcome(WANTED, True, said))
    assert values["precision"] == pytest.approx(1 / 3)
    assert values["recall"] == 0.5
    assert values["numbers right"] == 0.0


def test_a_right_passage_by_words_without_the_answer_does_not_carry_it() -> None:
    said = (Said("It was begun in 1887.", (Cited("a", "It is a tower of iron."),)),)
    assert measure_one(Outcome(WANTED, True, said))["recall"] == 0.0


def test_an_answer_without_citations_is_not_cited() -> None:
    values = measure_one(Outcome(WANTED, True, (Said("It was begun in 1887."),)))
    assert values["gold cited"] == values["recall"] == 0.0
    assert "precision" not in values


def test_abstaining_is_right_where_nothing_answers() -> None:
    nothing = Wanted("2", "When was it sold?", "en")
    would = (Said("It was begun in 1887.", (RIGHT,)),)
    assert measure_one(Outcome(nothing, False, would)) == {"declined": 1.0}
    assert measure_one(Outcome(nothing, True, would))["declined"] == 0.0
    assert measure_one(Outcome(WANTED, False, would)) == {
        "answered": 0.0,
        "gold cited": 0.0,
        "gold quoted": 0.0,
    }


def test_another_language_than_the_questions_is_seen() -> None:
    german = (Said("Die Arbeiten an dem Turm begannen im Januar 1887.", (RIGHT,)),)
    assert measure_answers([Outcome(WANTED, True, german)])["language"] == {"1": 0.0}


def test_figures_are_looked_up_in_what_is_cited() -> None:
    assert wrong_numbers(Said("It has 1710 steps, begun 28.1.1887.", (RIGHT,))) == []
    assert wrong_numbers(Said("It has 1711 steps.", (RIGHT,))) == ["1711"]


def test_marks_become_citations() -> None:
    cited = {"1": RIGHT, "2": OTHER, "Smith2020 pages 1-2": OTHER}
    text = "It began in 1887 (or so). [1][2] It is of iron [9]. Later they built more (Smith2020 pages 1-2)."
    said = split_cited(text, "en", cited)
    assert [one.text for one in said] == [
        "It began in 1887 (or so).",
        "It is of iron.",
        "Later they built more.",
    ]
    assert [one.cited for one in said] == [(RIGHT, OTHER), (), (OTHER,)]
    assert split_cited("始于1887年。[1]", "zh", cited)[0].cited == (RIGHT,)


def test_auroc_counts_pairs() -> None:
    assert auroc([0.9, 0.8, 0.7, 0.1], [True, False, True, False]) == 0.75
    assert auroc([0.5, 0.5], [True, False]) == 0.5
    assert auroc([0.5], [True]) == 0.5
    low, high = auroc_interval([0.9, 0.8, 0.7, 0.1] * 20, [True, False, True, False] * 20)
    assert low < 0.75 < high


def test_precision_at_coverage() -> None:
    (half, full) = precision_at([0.9, 0.8, 0.7, 0.1], [True, False, True, False], (0.5, 1.0))
    assert (half.threshold, half.precision, half.refused) == (0.9, 1.0, 1.0)
    assert (full.threshold, full.coverage, full.precision, full.refused) == (0.7, 1.0, 2 / 3, 0.5)
    assert precision_at([0.5], [False]) == []


def test_the_risk_of_answering_more() -> None:
    thresholds, coverage, risk = risk_curve([0.9, 0.5, 0.5, 0.1], [0, 0, 1, 1])
    assert thresholds.tolist() == [0.9, 0.5, 0.1]
    assert coverage.tolist() == [0.25, 0.75, 1.0]
    assert risk.tolist() == [0.0, pytest.approx(1 / 3), 0.5]
    assert len(risk_curve([], [])[0]) == 0
