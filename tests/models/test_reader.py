"""The reader's data: nothing of the reporting half, spans where the words are, wrong texts that are wrong."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

pytest.importorskip("torch")

from everask.evaluate.calibration import calibrate
from everask.evaluate.halves import is_held_out, is_tune
from everask.models.reader.data import (
    draw_manual_groups,
    draw_span_group,
    read_sources,
)

NUM_ARTICLES = 40


def write_sets(folder: Path) -> Path:
    """XQuAD in two languages, and the three other sets, in their own layouts, made for this test."""
    from everask.evaluate.suites import XQUAD_LANGUAGES

    for name in ("p02_xquad", "p02_cmrc2018", "p02_drcd", "p02_jsquad"):
        (folder / name).mkdir(parents=True)
    for language in XQUAD_LANGUAGES:
        contexts, questions = [], []
        for article in range(NUM_ARTICLES):
            for part in range(2):
                cid = 2 * article + part
                text = f"It stands here. In {language} the colour of {article} is tone{cid}. It ends there."
                contexts.append({"cid": cid, "context": text})
                answer = {"answer_start": text.index("tone"), "text": f"tone{cid}"}
                asked = {"id": f"q{cid}", "article": article, "cid": cid, "question": f"Colour of {article}?"}
                questions.append({**asked, "answers": [answer]})
        for kind, rows in (("contexts", contexts), ("questions", questions)):
            file = folder / "p02_xquad" / f"xquad.{language}.{kind}.jsonl"
            file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    lines = ""
    for article in range(NUM_ARTICLES):
        asked_here = [{"id": "q", "question": "什么颜色？", "answers": [{"text": "蓝色", "answer_start": 2}]}]
        row = {"title": f"题{article}", "cid": str(article), "context": "它是蓝色的。完。", "qas": asked_here}
        lines += json.dumps(row) + "\n"
    (folder / "p02_cmrc2018" / "cmrc2018_trial.jsonl").write_text(lines, "utf-8")
    (folder / "p02_drcd" / "DRCD_dev.jsonl").write_text(lines, "utf-8")
    (folder / "p02_jsquad" / "valid.json").write_text(json.dumps({"data": []}), "utf-8")
    return folder


def test_halves_and_held_out_articles_do_not_meet(tmp_path: Path) -> None:
    data = write_sets(tmp_path)
    trained, held_out = (read_sources(data, held_out=which) for which in (False, True))
    for name in ("xquad", "drcd", "cmrc"):
        ours = {one.article for one in trained[name].asked}
        theirs = {one.article for one in held_out[name].asked}
        assert ours and theirs and not ours & theirs
        assert all(is_tune(one) for one in ours | theirs)
        assert all(is_held_out(one) for one in theirs)
        texts = {text for pool in trained[name].pools.values() for text in pool.texts.values()}
        if name == "xquad":
            assert len(texts) == 12 * 2 * len(ours)


def test_right_texts_hold_the_answer_and_wrong_ones_do_not(tmp_path: Path) -> None:
    source = read_sources(write_sets(tmp_path), held_out=False)["xquad"]
    draw = random.Random(1)
    languages = set()
    for asked in source.asked[:40]:
        group = draw_span_group(source, asked, 2, draw)
        (right,) = (one for one in group.candidates if one.answers)
        assert len(group.candidates) == 3
        ((start, end),) = right.spans
        assert right.text[start:end] == f"tone{asked.paragraph}"
        for one in group.candidates:
            if not one.answers:
                assert right.text[start:end] not in one.text
                assert not one.spans
        languages.add(right.language == asked.language)
    assert languages == {True, False}


def test_headings_ask_for_their_sections(tmp_path: Path) -> None:
    file = tmp_path / "sections.jsonl"
    rows = [
        {
            "page": "p",
            "sections": 4,
            "number": at,
            "language": one,
            "heading": f"{one} {at}",
            "text": f"t {at}",
        }
        for at in range(4)
        for one in ("en", "de")
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    groups = list(draw_manual_groups(file, 20, 2, random.Random(0)))
    assert len(groups) == 20
    for group in groups:
        right, *wrong = group.candidates
        assert right.answers and not right.is_marked
        assert right.text == f"t {group.question.split()[1]}"
        assert wrong and all(one.text != right.text and not one.answers for one in wrong)


def test_calibration_makes_logits_honest() -> None:
    draw = random.Random(2)
    judged = [
        (logit, draw.random() < 1 / (1 + 2.718 ** -(0.5 * logit - 1)))
        for logit in (draw.uniform(-6, 8) for _ in range(4000))
    ]
    scale, shift = calibrate(judged)
    assert scale == pytest.approx(0.5, abs=0.06)
    assert shift == pytest.approx(-1, abs=0.2)
