"""JSON and JSON lines."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from everask.documents.draft import Draft
from everask.errors import UnreadableError

Parse = Callable[..., Draft]


def test_records_become_readable_lines(parse: Parse) -> None:
    records = [{"name": "Ada", "tags": ["a", "b"], "home": {"city": "Zürich"}, "none": None, "ok": True}]
    draft = parse("json", json.dumps(records).encode())
    assert draft.text.strip() == "name: Ada\ntags: a, b\nhome.city: Zürich\nok: true"


def test_lists_in_an_object_become_sections(parse: Parse) -> None:
    draft = parse("json", json.dumps({"title": "T", "items": [{"a": 1}, {"a": 2}]}).encode())
    assert [block.kind for block in draft.blocks] == ["text", "heading", "text", "text"]


def test_lines_with_a_broken_one(parse: Parse) -> None:
    draft = parse("jsonl", '{"a": 1}\n{broken\n{"a": "ж"}\n{"a": 3}'.encode())
    assert draft.text.split() == ["a:", "1", "a:", "ж", "a:", "3"]
    assert draft.warnings == ["line 2 is not JSON and was left out"]


def test_lone_surrogates_and_large_numbers(parse: Parse) -> None:
    assert "\ufffd" in parse("json", b'{"a": "\\ud800"}').text
    assert parse("json", b'{"a": "\\ud83d\\ude00"}').text.strip() == "a: 😀"


@pytest.mark.parametrize("data", [b"{", b"", b"[" * 100_000, b'{"a":' * 300 + b"1" + b"}" * 300, b"nonsense"])
def test_broken_and_deep(parse: Parse, data: bytes) -> None:
    with pytest.raises(UnreadableError):
        parse("json", data)
