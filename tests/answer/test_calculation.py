"""The calculator: what is said to be equal is worked out, units and all; the rest is left alone."""

from __future__ import annotations

from fractions import Fraction

import pytest

from everask.answer.calculation import base_of, check_calculations, check_steps, work_out


@pytest.mark.parametrize(
    ("text", "written", "value", "is_right"),
    [
        ("Natalia sold 48/2 = 24 clips in May.", "48/2 = 24", "24", True),
        ("Natalia sold 48/2 = 25 clips in May.", "48/2 = 25", "25", False),
        ("10 apples + 5 apples = 15 apples", "10 apples + 5 apples = 15", "15", True),
        ("400 pieces/month * 6 months = 2400 pieces", "400 pieces/month * 6 months = 2400", "2400", True),
        ("Working 50 minutes, she earned 0.2 x 50 = $10.", "0.2 x 50 = $10", "10", True),
        ("He paid $1,200 + $300 = $1,500 in all", "$1,200 + $300 = $1,500", "1500", True),
        ("20% of 50 = 10", "20% of 50 = 10", "10", True),
        ("10/50 = 20%", "10/50 = 20%", "1/5", True),
        ("10/3 = 3.33", "10/3 = 3.33", "333/100", True),
        ("10/3 = 3.4", "10/3 = 3.4", "17/5", False),
        ("10/3 = 3", "10/3 = 3", "3", False),
        ("10/3 ≈ 3", "10/3 ≈ 3", "3", True),
        ("3(4 + 5) = 27", "3(4 + 5) = 27", "27", True),
        ("2^10 = 1024", "2^10 = 1024", "1024", True),
        ("2 - 1/2 = 1 1/2 cups", "2 - 1/2 = 1 1/2", "3/2", True),
        ("-5 + 9 * -4 = -5 - 36 = -41", "-5 + 9 * -4 = -5 - 36 = -41", "-41", True),
    ],
)
def test_one_calculation(text: str, written: str, value: str, is_right: bool) -> None:
    (made,) = check_calculations(text)
    assert (made.text, made.value, made.is_right) == (written, Fraction(value), is_right)


@pytest.mark.parametrize(
    "text",
    [
        "In 2010 = 5",
        "2x = 160",
        "So, $30 = 15 * p.",
        "At 7:50 + 30 minutes = 8:20 he left.",
        "60 people in the fourth year = 120 people",
        "1 / 0 = 7",
        "((((",
        "= = =",
        "9^9^9^9 = 1",
        "",
    ],
)
def test_what_calculates_nothing(text: str) -> None:
    assert check_calculations(text) == []


def test_letters_keep_their_value_from_step_to_step() -> None:
    steps = ["Let A = (-5 + 9 * -4 - 0) = (-5 - 36) = -41.", "B = 2 + 1 = 3.", "Then A * B = -41 * 3 = -120."]
    checked = check_steps(steps)
    assert [[one.is_right for one in each] for each in checked] == [[True], [True], [False]]
    assert checked[2][0].worked_out == -123


def test_a_chain_is_wrong_where_one_link_is() -> None:
    (made,) = check_calculations("4 * 5 + 1 = 20 + 2 = 22")
    assert not made.is_right and made.worked_out == 21


def test_expressions() -> None:
    assert work_out("(3 + 4) * 2") == 14
    assert work_out("A / 4", {"A": Fraction(2)}) == Fraction(1, 2)
    assert work_out("2 +") is None and work_out("") is None


def test_a_letter_that_begins_a_chain_has_the_value_it_is_given_there() -> None:
    made = [one for step in check_steps(["P = 40 + 25 = 65.", "So P = 65 / 5 = 13 pages."]) for one in step]
    assert [one.is_right for one in made] == [True, True]
    assert made[1].value == 13
    (wrong,) = check_calculations("P = 65 / 5 = 14", {"P": Fraction(65)})
    assert not wrong.is_right


@pytest.mark.parametrize(
    ("question", "base"),
    [
        ("Assuming that all numbers are in base-9, what is 75+48?", 9),
        ("Was ist 12 + 7 zur Basis 8?", 8),
        ("八进制 or binary? In 8进制, what is 7 + 1?", 8),
        ("How are binary numbers added?", 2),
        ("Turn base 9 into base 10.", 10),
        ("Where is base 1 of the camp? And base 64 strings?", 10),
        ("What is 75+48?", 10),
    ],
)
def test_the_base_that_a_question_names(question: str, base: int) -> None:
    assert base_of(question) == base


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("5+8=14, carry the 1, then 7+4=12, 12+1=13", [True, True, True]),
        ("5+8=13", [False]),
        # 9 is no digit of base 9: what it stands in is not worked out.
        ("8+1=9", []),
        ("1.5 + 1 = 2.5", []),
    ],
)
def test_calculations_in_base_nine(text: str, right: list[bool]) -> None:
    assert [one.is_right for one in check_calculations(text, base=9)] == right
