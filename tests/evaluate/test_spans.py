"""Span questions are read from the sets' own layouts; no article is in both halves."""

from __future__ import annotations

import json
from pathlib import Path

from everask.evaluate.spans import load_span_sets


def write_sets(folder: Path) -> Path:
    """Two languages of XQuAD with two articles, and a CMRC file, made for this test."""
    (folder / "p02_xquad").mkdir(parents=True)
    (folder / "p02_cmrc2018").mkdir()
    for language, word in (("en", "blue"), ("de", "blau")):
        contexts = [{"cid": at, "context": f"\ufeff It is {word} {at}."} for at in range(2)]
        questions = [
            {
                "id": f"q{at}",
                "article": at,
                "cid": at,
                "question": f"What? {language}",
                "answers": [{"answer_start": 6, "text": f"{word} {at}"}],
            }
            for at in range(2)
        ]
        for kind, rows in (("contexts", contexts), ("questions", questions)):
            file = folder / "p02_xquad" / f"xquad.{language}.{kind}.jsonl"
            file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    row = {
        "title": "泡泡",
        "cid": "T_1",
        "context": "它是蓝色的。",
        "qas": [{"id": "T_1_Q", "question": "什么颜色？", "answers": [{"text": "蓝色"}]}],
    }
    (folder / "p02_cmrc2018" / "cmrc2018_trial.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    return folder


def test_questions_carry_the_strings_of_the_paragraphs_language(tmp_path: Path) -> None:
    names = ("xquad-de", "xquad-en-from-de", "cmrc")
    own, across, cmrc = load_span_sets(write_sets(tmp_path), names)
    assert own.paragraphs == {"0": "It is blau 0.", "1": "It is blau 1."}
    assert (across.language, across.questions[0].language) == ("en", "de")
    assert across.questions[1].text == "What? de" and across.questions[1].answers == ("blue 1",)
    assert all(text in cmrc.paragraphs[one.paragraph] for one in cmrc.questions for text in one.answers)


def test_no_article_is_in_both_halves(tmp_path: Path) -> None:
    (spans,) = load_span_sets(write_sets(tmp_path), ("xquad-en",))
    tune, report = spans.half("tune", 10), spans.half("report", 10)
    assert not {one.article for one in tune} & {one.article for one in report}
    assert len(tune) + len(report) == 2
