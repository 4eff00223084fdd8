"""Real documents of every format end to end: citations resolve, and the demo's questions are answered."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

import everask
from everask.pipeline import Engine
from everask.read import find_evidence
from everask.types import Document

EXAMPLES = Path(__file__).parents[2] / "examples"
DOCUMENTS = EXAMPLES / "documents"
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line) for line in (EXAMPLES / "questions.jsonl").read_text("utf-8").splitlines()[:5]
]
# What the demo's questions need, and one file of every format besides.
PARTS = (
    *("legal/gpl-2.txt", "legal/gpl-3.txt", "data/elements.xlsx", "letters", "data/country-statistics.ods"),
    *("books/la-dame.rtf", "books/carroll-lookingglass.docx", "data/debian-releases.csv", "mail"),
    *("manuals/zh/libreoffice-impress", "manuals/ja/debian-history.pdf", "manuals/en/ocrmypdf-readme.md"),
    *("talks/introduction-of-py7zr.pptx", "data/iso_4217.json", "manuals/fr/calibre-quick-start.epub"),
    *("manuals/en/davical-user-guide.odt", "manuals/ar/omegat"),
)


@pytest.fixture(scope="module")
def pile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine over a part of the examples, with vectors, that answers with quotes."""
    before = os.environ.get("EVERASK_MODELS_GENERATOR")
    os.environ["EVERASK_MODELS_GENERATOR"] = "none"
    with everask.open(tmp_path_factory.mktemp("store")) as engine:
        report = engine.add([DOCUMENTS / part for part in PARTS])
        assert not report.failed
        engine.wait_for_vectors()
        yield engine
    if before is None:
        del os.environ["EVERASK_MODELS_GENERATOR"]
    else:
        os.environ["EVERASK_MODELS_GENERATOR"] = before


def documents(engine: Engine) -> list[Document]:
    return [engine.document(info.id) for info in engine.documents()]


def test_every_format_is_there(pile: Engine) -> None:
    endings = {Path(info.uri.partition("#")[0]).suffix for info in pile.documents()}
    wanted = {".txt", ".xlsx", ".ods", ".rtf", ".docx", ".csv", ".eml", ".mbox", ".html", ".pdf", ".md"}
    assert wanted | {".pptx", ".json", ".epub", ".odt"} <= endings


def test_every_passage_is_a_slice_of_its_document(pile: Engine) -> None:
    for document in documents(pile):
        passages = pile.store.passages(document.id)
        assert all(document.text[one.start : one.end] == one.text for one in passages)
        assert [one.ordinal for one in passages] == sorted(one.ordinal for one in passages)


def test_all_citations_resolve_in_all_formats(pile: Engine) -> None:
    random_source = random.Random(7)
    checked = 0
    for document in documents(pile):
        for passage in random_source.sample(
            passages := pile.store.passages(document.id), min(3, len(passages))
        ):
            query = pile.query(" ".join(passage.indexed.split()[:12])[:200])
            for hit in pile.search(query.text, 3):
                owner = pile.document(hit.document.id)
                for evidence in find_evidence(query, [hit], pile.encoder):
                    assert owner.text[evidence.start : evidence.end] == evidence.text
                    checked += 1
                for start, end in hit.marks:
                    assert hit.passage.text[start:end].strip()
    assert checked > 500


def test_pages_and_boxes_of_a_pdf_are_right(pile: Engine) -> None:
    (info,) = [one for one in pile.documents() if one.uri.endswith(".pdf")]
    document = pile.document(info.id)
    wrong = checked = 0
    with pypdfium2.PdfDocument(DOCUMENTS / "manuals/ja/debian-history.pdf") as file:
        for passage in pile.store.passages(info.id)[:25]:
            page = document.pages[(passage.page or 1) - 1]
            assert page.start <= passage.start < page.end
            sheet = file[page.number - 1]
            words = [word for word in page.words if passage.start <= word.start and word.end <= passage.end]
            assert words
            for word in words[:: max(1, len(words) // 8)]:
                box = (word.left, page.height - word.bottom, word.right, page.height - word.top)
                there = sheet.get_textpage().get_text_bounded(*box)
                checked += 1
                wrong += document.text[word.start : word.end][:1] not in there
    assert checked > 100
    assert wrong <= checked // 100


@pytest.mark.parametrize("question", QUESTIONS, ids=[one["id"] for one in QUESTIONS])
def test_the_demo_questions_are_answered(pile: Engine, question: dict[str, Any]) -> None:
    answer = pile.ask(question["text"])
    expects = question["expects"]
    assert answer.abstained is expects["abstain"], answer.why
    if expects["abstain"]:
        assert answer.nearest
        assert answer.why
        return
    citations = [citation for claim in answer.claims for citation in claim.citations]
    squeezed = " ".join(" ".join(citation.quote for citation in citations).split())
    assert " ".join(expects["quote"].split()) in squeezed
    for citation in citations:
        assert pile.document(citation.document_id).text[citation.start : citation.end] == citation.quote
