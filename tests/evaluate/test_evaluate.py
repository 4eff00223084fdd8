"""Metrics against values worked out by hand, and suites where the shared data is there."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from everask.evaluate.metrics import measure, measure_each
from everask.evaluate.suites import Item, Suite, load_more, load_suites

JUDGEMENTS = {"q1": {"a": 2, "b": 1, "c": 0}, "q2": {"d": 1}}


def test_metrics_are_as_by_hand() -> None:
    run = {"q1": {"b": 3.0, "c": 2.0, "a": 1.0}, "unknown": {"a": 1.0}}
    each = measure_each(run, JUDGEMENTS)
    gained = 1 / math.log2(2) + 2 / math.log2(4)
    assert each["nDCG@10"]["q1"] == pytest.approx(gained / (2 + 1 / math.log2(3)))
    assert each["nDCG@10"]["q2"] == 0.0
    assert measure(run, JUDGEMENTS)["R@10"] == 0.5


def test_halves_share_no_article_and_lose_no_query() -> None:
    queries = {str(number): Item("?", "en", f"article {number // 3}") for number in range(60)}
    suite = Suite("s", "S", {"p": Item("text", "en", "")}, queries, {key: {"p": 1} for key in queries})
    tune, report = suite.half("tune"), suite.half("report")
    assert {*tune.queries, *report.queries} == set(queries)
    articles = [{item.article for item in half.queries.values()} for half in (tune, report)]
    assert articles[0] and articles[1] and not articles[0] & articles[1]
    assert len(suite.sample(7).queries) == 7


def test_suites_judge_passages_that_they_hold() -> None:
    folder = Path(os.environ.get("EVERASK_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the shared data is not here")
    for suite in [*load_suites(folder), *load_more(folder)]:
        assert set(suite.judgements) == set(suite.queries)
        known = {suite.parts.get(passage, passage) for passage in suite.passages}
        assert all(judged in known for grades in suite.judgements.values() for judged in grades)
