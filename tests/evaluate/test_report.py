"""A report's rows say what was measured, how sure it is, and what is better; a picture shows the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from everask.errors import UsageError
from everask.evaluate.plots import check_plot, draw
from everask.evaluate.report import (
    Difference,
    Figure,
    Row,
    adjust,
    format_rows,
    join_each,
    make_row,
    measure_suite,
)
from everask.evaluate.suites import Item, Suite

GOOD = {"nDCG@10": {str(number): 1.0 for number in range(12)}}
POOR = {"nDCG@10": {str(number): 0.25 for number in range(12)}}


def test_a_row_compares_the_same_queries() -> None:
    row = make_row("suite", {**GOOD, "R@10": {"0": 0.5}}, {"nDCG@10": {**POOR["nDCG@10"], "more": 0.0}})
    assert row.figures["nDCG@10"] == Figure(1.0, 1.0, 1.0, 12)
    difference = row.differences["nDCG@10"]
    assert (difference.value, difference.other) == (0.75, 0.25)
    assert difference.p == pytest.approx(2 / 2**12)
    assert "R@10" not in row.differences


def test_p_is_adjusted_for_all_rows() -> None:
    rows = [make_row(name, GOOD, POOR) for name in "abc"]
    assert [row.differences["nDCG@10"].p for row in adjust(rows)] == pytest.approx([3 * 2 / 2**12] * 3)


def test_a_table_marks_what_is_sure() -> None:
    figure = {"nDCG@10": Figure(0.5, 0.4, 0.6, 20)}
    rows = [
        Row("first", figure, {"nDCG@10": Difference(0.1, 0.4, 0.01)}),
        Row("second", figure, {"nDCG@10": Difference(-0.1, 0.6, 0.2)}),
        Row("third", {"R@10": Figure(1.0, 1.0, 1.0, 3)}, {}),
    ]
    lines = format_rows(rows).split("\n")
    assert lines[0].split() == ["queries", "nDCG@10", "R@10"]
    assert "0.500 [0.400, 0.600] +0.100*" in lines[1]
    assert "-0.100*" not in lines[2] and "–" in lines[3]


def test_suites_of_a_group_are_joined_by_query() -> None:
    passages = {"en": Item("a", "en", ""), "de": Item("b", "de", "")}
    suite = Suite("s", "S", passages, {"q": Item("?", "de", "")}, {"q": {"en": 1, "de": 1}})
    each = measure_suite(suite, {"q": {"en": 2.0, "de": 1.0}})
    assert each["nDCG@10"]["q"] == pytest.approx(1.0) and each["own first"] == {"q": 0.0}
    joined = join_each([("one", each), ("two", each)])
    assert set(joined["own first"]) == {"one:q", "two:q"}


def test_the_same_figures_give_the_same_picture(tmp_path: Path) -> None:
    figures = {
        "ours": {"a": Figure(0.8, 0.7, 0.9, 9), "b": Figure(0.5, 0.4, 0.6, 9)},
        "peer": {"a": Figure(0.3, 0.2, 0.4, 9)},
    }
    for name in ("one.svg", "two.svg", "three.png"):
        draw(figures, "nDCG@10", tmp_path / name)
    one = (tmp_path / "one.svg").read_bytes()
    assert one == (tmp_path / "two.svg").read_bytes()
    assert b">ours</text>" in one and b">nDCG@10</text>" in one
    assert (tmp_path / "three.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_drawn_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.svg or \.png"):
        check_plot(tmp_path / "plot.pdf")
    with pytest.raises(UsageError, match="no folder"):
        check_plot(tmp_path / "absent" / "plot.svg")
