"""Sums and counts over tables: right, or refused; never a guess."""

from __future__ import annotations

import json
import re
import time
from decimal import Decimal
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everask.answer.whole import interpretation
from everask.answer.whole.computing import Result, compute
from everask.answer.whole.figures import read_figures
from everask.answer.whole.interpretation import interpret
from everask.answer.whole.plans import Unclear
from everask.answer.whole.question import take_apart
from everask.answer.whole.tables import Table, tables_of
from everask.answer.whole.wording import how_computed, result_lines
from everask.documents.draft import Draft, Limits
from everask.text import language_of
from everask.types import Document

SALES = [
    ["Date", "Customer", "Region", "Quantity", "Amount", "Paid"],
    ["2023-12-30", "Quist", "North", "2", "€100.50", "yes"],
    ["2024-01-15", "Quist", "South", "3", "€1,200.00", "no"],
    ["2024-03-02", "Murdock", "North", "1", "€80.25", "yes"],
    ["2024-03-09", "Ito", "North", "7", "€15.25", "yes"],
    ["Total", "", "", "13", "€1,396.00", ""],
]
ACCOUNTS = [
    ["", "2019", "2018", "2017"],
    ["Product sales", "$1,452.4", "$1,146.2", "$1,036.9"],
    ["Other sales", "44.1", "56.7", "70.8"],
    ["Tax rate", "21.0%", "21.5%", "35.0%"],
]


def table(rows: list[list[str]], *, header: bool = True) -> Table:
    return tables(rows, header=header)[0]


def tables(rows: list[list[str]], *, header: bool = True) -> list[Table]:
    draft = Draft(Limits(), "text/csv")
    draft.table(rows, has_header=header)
    document = Document(
        "1", "data/sales", "file:///data/sales.csv", "sales", "text/csv", "", "en", 0.0, 0, draft.text,
        tuple(draft.blocks),
    )  # fmt: skip
    return tables_of(document)


def ask(text: str, of: Table) -> Result | Unclear | None:
    plan = interpret(take_apart(text, language_of(text)), of)
    return plan if plan is None or isinstance(plan, Unclear) else compute(plan, of)


def value(text: str, of: Table) -> object:
    result = ask(text, of)
    assert isinstance(result, Result), (text, result)
    return result.items[0].value


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is the total amount in 2024?", "1295.50"),
        ("Wie hoch ist der Betrag insgesamt?", "1396.00"),
        ("What is the total quantity for Quist?", "5"),
        ("What is the average quantity in the region North?", "3.333333333333333333333333333"),
        ("¿Cuál es la suma de los importes en 2024?", "1295.50"),
        ("Quelle est la somme des montants en 2023 ?", "100.50"),
        ("2024年的金额总和是多少？", "1295.50"),
        ("Сумма количества в 2024?", "11"),
        ("What is the highest amount?", "1200.00"),
    ],
)
def test_a_question_in_any_language_is_computed_exactly(question: str, expected: str) -> None:
    assert value(question, table(SALES)) == Decimal(expected)


def test_a_question_of_thousands_of_figures_is_read_in_passing() -> None:
    started = time.process_time()
    take_apart("how many have more than " + "9" * 4_000, "en")
    assert time.process_time() - started < 1


def test_a_row_of_totals_is_not_added_to_what_it_adds_up() -> None:
    result = ask("What is the total quantity?", table(SALES))
    assert isinstance(result, Result)
    assert (result.items[0].value, result.totals, result.num_rows) == (Decimal(13), 1, 4)
    assert "rows of totals left out: 1" in how_computed(result, "en")


def test_long_numbers_are_added_exactly_or_not_at_all() -> None:
    rows = [["Customer", "Amount"], ["Ito", "9" * 24], ["Quist", "0." + "1" * 20]]
    result = ask("What is the total amount?", table(rows))
    assert isinstance(result, Result)
    assert result_lines(result, "en") == [f"Sum “Amount”: {'9' * 24}.{'1' * 20}"]
    rows[1][1] = "9" * 50  # a number of something, not an amount
    assert not isinstance(ask("What is the total amount?", table(rows)), Result)
    assert not isinstance(ask("What is the highest amount?", table(rows)), Result)


def test_the_top_0_is_no_list() -> None:
    assert not isinstance(ask("What are the top 0 amounts?", table(SALES)), Result)


ANYTHING = st.text(max_size=40) | st.text(
    "0123456789 .,-/:%€$tophighestw年月日三十一人?ก้คาเดือน이하", max_size=60
)


@settings(max_examples=100, deadline=None)
@given(ANYTHING, st.lists(ANYTHING, min_size=1, max_size=4), st.sampled_from(["en", "th", "ja"]))
def test_any_question_of_any_table_is_read_without_failing(
    text: str, cells: list[str], language: str
) -> None:
    rows = [["Customer", "Amount"], *([f"c{number}", cell] for number, cell in enumerate(cells))]
    for one in tables(rows):
        interpret(take_apart(text, language), one)
        for question in ("What is the total amount?", "What is the average amount per customer?"):
            result = ask(question, one)
            assert not isinstance(result, Result) or result_lines(result, language)


def test_groups_and_the_largest_are_listed() -> None:
    result = ask("What is the total quantity per region?", table(SALES))
    assert isinstance(result, Result)
    assert [(one.label, one.value) for one in result.items] == [("North", Decimal(10)), ("South", Decimal(3))]
    best = ask("What are the top 2 amounts?", table(SALES))
    assert isinstance(best, Result)
    assert [one.value for one in best.items] == [Decimal("1200.00"), Decimal("100.50")]


@pytest.mark.parametrize(
    "question",
    [
        "What is the total amount of refunds?",  # a word that no column explains
        "What is the total amount without Quist?",
        "What is the total amount expected in 2025?",
        "How long is the warranty?",
        "How many customers complained?",
        "What is the total amount in Berlin?",
        "What is the % change in amount?",
    ],
)
def test_what_the_table_does_not_explain_is_not_computed(question: str) -> None:
    assert not isinstance(ask(question, table(SALES)), Result)


def test_most_questions_are_told_from_sums_before_the_columns_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 90,000 rows that takes seconds, and "most" or "in total" stand in many a question."""
    monkeypatch.setattr(interpretation, "columns_of", lambda table: pytest.fail("the columns were read"))
    assert ask("How long is the warranty in total?", table(SALES)) is None


def test_an_ambiguous_column_is_refused_with_the_candidates() -> None:
    rows = [["Customer", "Net amount", "Gross amount"], ["Ito", "1", "2"], ["Quist", "3", "4"]]
    result = ask("What is the total amount?", table(rows))
    assert isinstance(result, Unclear)
    assert list(result.candidates) == ["Net amount", "Gross amount"]
    assert value("What is the total gross amount?", table(rows)) == 6


def test_different_currencies_are_not_added() -> None:
    rows = [["Customer", "Amount"], ["Ito", "$10"], ["Quist", "€12"], ["Murdock", "$3"]]
    result = ask("What is the total amount?", table(rows))
    assert isinstance(result, Unclear) and result.what == "units"


def test_an_account_with_years_over_its_columns() -> None:
    accounts = table(ACCOUNTS, header=False)
    assert value("What is the average product sales between 2017 and 2019?", accounts) == Decimal(
        "1211.833333333333333333333333"
    )
    assert value("What is the change in other sales from 2018 to 2019?", accounts) == Decimal("-12.6")
    result = ask("What is the difference in product sales between 2018 and 2019?", accounts)
    assert isinstance(result, Result)
    (line,) = result_lines(result, "en")
    assert line.endswith("306.2 (2019 1452.4 − 2018 1146.2)")
    assert not isinstance(ask("What is the total sales in 2019?", accounts), Result)  # which sales?


def test_a_figure_is_read_as_its_column_shows() -> None:
    german = read_figures(["1.234,50", "12,00", "1.000"], "en")
    assert german is not None
    assert german.values == (Decimal("1234.50"), Decimal("12.00"), Decimal("1000"))
    assert read_figures(["1,234", "2,345"], "en", as_written="").values[0] == 1234  # type: ignore[union-attr]
    assert read_figures(["1,234", "2,345"], "de").values[0] == Decimal("1.234")  # type: ignore[union-attr]
    assert read_figures(["1,234", "2,345"], "und") is None
    assert read_figures(["1.5", "1,5"], "en") is None
    assert read_figures(["(3)", "n/a", "−2 kg"], "en").values == (Decimal(-3), None, Decimal(-2))  # type: ignore[union-attr]


def test_the_answer_says_the_operation_in_the_askers_language() -> None:
    result = ask("Quelle est la somme des montants en 2024 ?", table(SALES))
    assert isinstance(result, Result)
    assert result_lines(result, "fr") == ["Somme “Amount”, “Date” = 2024: 1295,50 €"]
    assert how_computed(result, "fr") == "calculé à partir de 3 lignes de data/sales"


def test_every_sentence_is_there_in_every_language_with_its_values() -> None:
    lines = json.loads((resources.files("everask.answer.whole") / "wording.json").read_text("utf-8"))
    for name, told in lines.items():
        assert set(told) == set(lines["ops"]), name
        if name != "ops":
            values = {language: set(re.findall(r"{\w+}", text)) for language, text in told.items()}
            assert all(one == values["en"] for one in values.values()), name
