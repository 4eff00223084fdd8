"""The demo's questions are well formed, and their gold words stand in the documents where they say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from everask.documents.draft import Limits
from everask.documents.reader import Reader
from everask.types import Document

EXAMPLES = Path(__file__).parents[2] / "examples"
DOCUMENTS = EXAMPLES / "documents"
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line) for line in (EXAMPLES / "questions.jsonl").read_text("utf-8").splitlines()
]
READABLE = [question for question in QUESTIONS if "quote" in question["expects"] and "needs" not in question]
NUM_DEMO = 5


@pytest.fixture(scope="module")
def read_documents() -> dict[str, tuple[Document, ...]]:
    """Every file that a question names, read."""
    names = {name for question in READABLE for name in question["expects"]["files"]}
    with Reader(Limits(), num_workers=2) as reader:
        return {name: reader.read(DOCUMENTS / name, root=DOCUMENTS).documents for name in names}


def squeezed(text: str) -> str:
    """The text with every run of whitespace as one space."""
    return re.sub(r"\s+", " ", text)


def test_ids_are_unique_and_records_complete() -> None:
    assert len({question["id"] for question in QUESTIONS}) == len(QUESTIONS)
    for question in QUESTIONS:
        assert question["text"]
        assert question["note"]
        expects = question["expects"]
        assert expects["abstain"] is ("quote" not in expects)
        assert all((DOCUMENTS / name).is_file() for name in expects.get("files", []))


def test_the_demo_shows_the_five_cases() -> None:
    first = QUESTIONS[:NUM_DEMO]
    assert [question["expects"]["abstain"] for question in first] == [False, False, False, False, True]
    assert any(name.startswith("manuals/zh/") for name in first[1]["expects"]["files"])
    assert first[3]["expects"]["files"][0].endswith(".xlsx")


@pytest.mark.parametrize("question", READABLE, ids=[question["id"] for question in READABLE])
def test_the_gold_words_stand_in_every_file_named(
    question: dict[str, Any], read_documents: dict[str, tuple[Document, ...]]
) -> None:
    expects = question["expects"]
    for name in expects["files"]:
        texts = [
            document.text[page.start : page.end]
            for document in read_documents[name]
            for page in document.pages
            if page.number == expects.get("page")
        ] or [document.text for document in read_documents[name]]
        assert any(squeezed(expects["quote"]) in squeezed(text) for text in texts), name
