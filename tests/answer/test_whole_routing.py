"""What is a question about whole documents, and what is not; dates and other things that are listed."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from everask.answer.whole.dates import find_dates, read_date
from everask.answer.whole.finders import find_kind
from everask.answer.whole.routing import Kind, Wish, find_cue, read_wish
from everask.text import language_of
from everask.types import DocumentInfo

ROUTES = Path(__file__).parents[2] / "bench" / "whole_questions" / "routes.jsonl"
NAMES = ("legal/gpl-2", "legal/gpl-3", "legal/lgpl-2.1", "legal/apache-2.0", "legal/mpl-2.0", "books/la-dame")
MORE = (
    "legal/debian-constitution",
    "legal/debian-social-contract",
    "data/deaths",
    "mail/notmuch-2009/archive",
)
PILE = [
    DocumentInfo(
        name, name, f"file:///pile/{name}.txt", name.rsplit("/", 1)[-1], "text/plain", "en", 0.0, 1, 1
    )
    for name in (*NAMES, *MORE)
]


def wish(text: str) -> Wish | None:
    cue = find_cue(text)
    return read_wish(text, language_of(text), cue, PILE) if cue else None


def test_the_labelled_questions_are_routed_as_they_should_be() -> None:
    records = [json.loads(line) for line in ROUTES.read_text("utf-8").splitlines()]
    assert len(records) >= 120
    wrong = []
    for one in records:
        found = wish(one["text"])
        task = found.task if found else None
        wanted = None if one["task"] == "table" else one["task"]  # tables have a test of their own
        if task != wanted:
            wrong.append((one["text"], task))
    assert wrong == []


def test_documents_and_folders_are_known_by_name() -> None:
    found = wish("What changed between gpl-2 and lgpl-2.1.txt?")
    assert found is not None
    assert [info.name for info in found.documents] == ["legal/gpl-2", "legal/lgpl-2.1"]
    listed = wish("List all e-mail addresses in notmuch-2009")
    assert listed is not None
    assert (listed.kind, [info.name for info in listed.documents]) == ("email", ["mail/notmuch-2009/archive"])
    free = wish("List every obligation in gpl-3")
    assert free is not None and (free.kind, free.wanted) == (None, "obligation")


@pytest.mark.parametrize(
    "text",
    [
        "Please summarise gpl-2 for me",
        "Fasse bitte gpl-2 zusammen",
        "Résume gpl-2 s'il te plaît",
        "Resume gpl-2 por favor",
        "Proszę podsumuj gpl-2",
        "Пожалуйста, кратко перескажи gpl-2",
        "Підсумуй, будь ласка, gpl-2",
        "gpl-2 özetle lütfen",
        "Vui lòng tóm tắt gpl-2 giúp tôi",
        "ช่วยสรุป gpl-2 หน่อยครับ",
        "कृपया gpl-2 का सारांश दें",
        "من فضلك لخص gpl-2",
    ],
)
def test_who_asks_politely_is_understood(text: str) -> None:
    found = wish(text)
    assert found is not None
    assert (found.task, [info.name for info in found.documents]) == ("summary", ["legal/gpl-2"])


def test_of_translations_of_one_name_the_askers_is_meant() -> None:
    pile = [
        DocumentInfo(name, name, f"file:///{name}", "x", "text/plain", name[:2], 0.0, 1, 1)
        for name in ("uk/date.1", "vi/date.1", "vi/ls.1", "uk/ls.1")
    ]
    for text, expected in (
        ("Підсумуй date.1", ["uk/date.1"]),
        ("So sánh date.1 và ls.1", ["vi/date.1", "vi/ls.1"]),
        ("Summarise date.1", ["uk/date.1", "vi/date.1"]),
        ("Список усіх дат у документі ls.1", ["uk/ls.1"]),
    ):
        cue = find_cue(text)
        assert cue is not None
        found = read_wish(text, language_of(text), cue, pile)
        assert found is not None and [info.name for info in found.documents] == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "en",
            "Due by March 5, 2024, not 5th of April 2023 or 12/31/2024.",
            "2024-03-05 2023-04-05 2024-12-31",
        ),
        ("de", "bis 5. März 2024, 31.12.2024 und Ende Mai 2025", "2024-03-05 2024-12-31 2025-05"),
        ("fr", "le 1er août 2024", "2024-08-01"),
        ("es", "el 5 de marzo de 2024", "2024-03-05"),
        ("pt", "5 de março de 2024", "2024-03-05"),
        ("it", "5 marzo 2024", "2024-03-05"),
        ("ru", "до 5 марта 2024 г.", "2024-03-05"),
        ("uk", "5 березня 2024", "2024-03-05"),
        ("pl", "5 marca 2024 r.", "2024-03-05"),
        ("tr", "5 Mart 2024", "2024-03-05"),
        ("el", "5 Μαρτίου 2024", "2024-03-05"),
        ("vi", "ngày 5 tháng 3 năm 2024", "2024-03-05"),
        ("ar", "٥ مارس ٢٠٢٤", "2024-03-05"),
        ("hi", "5 मार्च 2024", "2024-03-05"),
        ("th", "5 มีนาคม 2567", "2024-03-05"),
        ("zh", "截止日期为2024年3月5日", "2024-03-05"),
        ("ja", "2024年３月５日まで", "2024-03-05"),
        ("ko", "2024년 3월 5일까지", "2024-03-05"),
        ("ja", "令和5年3月1日から", "2023-03-01"),
        ("id", "28 Desember 2015", "2015-12-28"),
        ("es", "5 ene. 2024", "2024-01-05"),
        ("en", "from 05/03/2024-27/03/2024", "2024-03-05 2024-03-27"),
    ],
)
def test_dates_are_found_as_languages_write_them(language: str, text: str, expected: str) -> None:
    assert " ".join(str(date) for _, _, date in find_dates(text, language)) == expected


def test_what_only_looks_like_a_date_is_none() -> None:
    for text in (
        "version 10.2.3.4",
        "2. may make certain decisions",
        "I may 5 times",
        "the 5 markets",
        "3/4",
        "12 students of 3 merchants",
        "the phone 15 Pro",
        "030-12-11-56",
        "Regulation 3/2008",
    ):
        assert find_dates(text, "en") == []
    assert read_date("2024-03-05T10:15:00Z") == read_date("5 March 2024")
    assert read_date("by 5 March 2024") is None


@pytest.mark.parametrize(
    "piece", ["ก", "का", "a", "1 ", "１", "1,", "1.1", "令和5年", "tháng 1 ", "a@", "+49 ", "$1 "]
)
@pytest.mark.parametrize("kind", ["deadline", "amount", "email", "url", "phone", "percentage"])
def test_a_long_run_of_anything_is_read_in_passing(piece: str, kind: Kind) -> None:
    """Before, 340 Thai letters took longer than anybody waited."""
    started = time.process_time()
    find_kind(piece * (10_000 // len(piece)), kind, "en")
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("email", "Write to a.b@example.org, or C@d.co.uk.", ["a.b@example.org", "c@d.co.uk"]),
        (
            "url",
            "See https://example.org/x?y=1. And www.debian.org!",
            ["https://example.org/x?y=1", "www.debian.org"],
        ),
        ("phone", "Tel. 030 123 4567; ISBN 978 3 16 148410; +49 30 9876543", ["0301234567", "49309876543"]),
        (
            "amount",
            "It costs $1,200.50 or 30 Euro, 5 万元 in all, not 12 boxes.",
            ["$1,200.50", "30 Euro", "5 万元"],
        ),
        ("percentage", "It rose by 1,234.5% and -3 percent.", ["1234.5", "-3"]),
        ("deadline", "Papers are due on 5 March 2024.", ["2024-03-05"]),
        ("deadline", "He was born on 5 March 2024.", []),
    ],
)
def test_things_are_found_by_kind(kind: Kind, text: str, expected: list[str]) -> None:
    assert [str(one.value) for one in find_kind(text, kind, "en")] == expected
