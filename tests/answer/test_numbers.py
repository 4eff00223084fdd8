"""Figures are the same figures in every script, and different ones are told apart."""

from __future__ import annotations

import pytest

from everask.answer.dates import read_dates
from everask.answer.disagreement import _contradict
from everask.answer.figures import missing_numbers


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("1,234.5", "1.234,5"),
        ("It cost 3.5 million.", "花了350万元"),
        ("308 points", "३०८ अंक"),
        ("123", "١٢٣"),
        ("In 1990 there were 12.", "一九九〇年有十二个"),
        ("1990年10月3日", "on 3 October 1990"),
        ("5 sacks", "five sacks"),
        ("five sacks", "5 sacks"),
        ("2,500 people", "2 500 personnes"),
        ("11万", "110,000"),
        ("0.50", "0,5"),
        ("10.000 Euro", "10 000 Euro"),
        ("1.5 Millionen", "1,500,000"),
        ("２０２６年", "2026"),
        ("version 3.10.2", "version 3.10.2"),
        ("no figures", "none"),
    ],
)
def test_equal_figures_are_found(sentence: str, quote: str) -> None:
    assert missing_numbers(sentence, quote) == []


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("308", "30.8"),
        ("5", "1.5"),
        ("1991", "1990"),
        ("ten sacks", "five sacks"),
        ("二十五", "52"),
        ("350", "350万"),
        ("3.5 billion", "3.5 million"),
        ("٣٠", "300"),
        ("5", "1,234.5"),
    ],
)
def test_other_figures_are_missing(sentence: str, quote: str) -> None:
    assert missing_numbers(sentence, quote)


def test_a_year_since_the_buddha_does_not_contradict_the_same_year() -> None:
    assert not _contradict(frozenset({(2558, 12, 28)}), frozenset({(2015, 12, 28)}))
    assert _contradict(frozenset({(2558, 12, 28)}), frozenset({(2016, 12, 28)}))


@pytest.mark.parametrize(
    ("era", "common", "other"),
    [("令和6年4月1日", "2024年4月1日", "2023年4月1日"), ("民國113年4月1日", "2024年4月1日", "2025年4月1日")],
)
def test_a_year_of_an_era_does_not_contradict_the_same_year(era: str, common: str, other: str) -> None:
    one, same, different = (read_dates(text, "ja")[0].readings for text in (era, common, other))
    assert not _contradict(one, same)
    assert _contradict(one, different)
