"""Questions whose answers are strings in a known paragraph: XQuAD, DRCD, CMRC 2018, JSQuAD.

Articles are split in two halves, by the same rule as the search suites: weights are fitted on one, figures
are reported on the other. Knows nothing of how a paragraph is found or read.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from everask.evaluate.files import read_lines, read_text
from everask.evaluate.halves import Half, half_of


@dataclass(frozen=True, slots=True)
class SpanQuestion:
    """A question, the paragraph that answers it, and the strings there that do; `starts` says where."""

    id: str
    text: str
    language: str
    article: str
    paragraph: str
    answers: tuple[str, ...]
    starts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SpanSet:
    """A pool of paragraphs in one language, by id, and questions asked of it, in any language."""

    name: str
    language: str
    paragraphs: Mapping[str, str]
    questions: tuple[SpanQuestion, ...]

    def half(self, which: Half, size: int, seed: int = 0) -> list[SpanQuestion]:
        """At most `size` questions of one half of the articles, drawn at random."""
        kept = [one for one in self.questions if half_of(one.article) == which]
        return random.Random(seed).sample(kept, min(size, len(kept)))


def load_span_sets(folder: Path, names: tuple[str, ...]) -> Iterator[SpanSet]:
    """Sets by name: "xquad-LANG", "xquad-LANG-from-OTHER" (asked in OTHER), "drcd", "cmrc", "jsquad"."""
    for name in names:
        if name.startswith("xquad-"):
            language, _, asked_in = name.removeprefix("xquad-").partition("-from-")
            yield _xquad(folder / "p02_xquad", name, language, asked_in or language)
        elif name == "jsquad":
            yield _jsquad(folder / "p02_jsquad" / "valid.json")
        else:
            file = {"drcd": "p02_drcd/DRCD_dev.jsonl", "cmrc": "p02_cmrc2018/cmrc2018_trial.jsonl"}[name]
            yield _chinese(folder / file, name)


def _xquad(folder: Path, name: str, language: str, asked_in: str) -> SpanSet:
    paragraphs = {
        str(row["cid"]): row["context"].strip("\ufeff ")
        for row in read_lines(folder / f"xquad.{language}.contexts.jsonl")
    }
    answers = {
        row["id"]: _answers(row, paragraphs[str(row["cid"])])
        for row in read_lines(folder / f"xquad.{language}.questions.jsonl")
    }
    questions = tuple(
        SpanQuestion(
            row["id"], row["question"], asked_in, str(row["article"]), str(row["cid"]), *answers[row["id"]]
        )
        for row in read_lines(folder / f"xquad.{asked_in}.questions.jsonl")
    )
    return SpanSet(name, language, paragraphs, questions)


def _chinese(file: Path, name: str) -> SpanSet:
    paragraphs: dict[str, str] = {}
    questions: list[SpanQuestion] = []
    for row in read_lines(file):
        cid, title = str(row["cid"]), row["title"]
        paragraphs[cid] = row["context"]
        questions += [
            SpanQuestion(asked["id"], asked["question"], "zh", title, cid, *_answers(asked, row["context"]))
            for asked in row["qas"]
            if asked["question"].strip()  # CMRC has two without
        ]
    return SpanSet(name, "zh", paragraphs, tuple(questions))


def _jsquad(file: Path) -> SpanSet:
    paragraphs: dict[str, str] = {}
    questions: list[SpanQuestion] = []
    for article in json.loads(read_text(file))["data"]:
        for number, paragraph in enumerate(article["paragraphs"]):
            cid, title = f"{article['title']}#{number}", article["title"]
            paragraphs[cid] = paragraph["context"].split("[SEP]", 1)[-1].strip()
            questions += [
                SpanQuestion(
                    asked["id"], asked["question"], "ja", title, cid, *_answers(asked, paragraphs[cid])
                )
                for asked in paragraph["qas"]
                if not asked.get("is_impossible")
            ]
    return SpanSet("jsquad", "ja", paragraphs, tuple(questions))


def _answers(asked: Any, paragraph: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The right strings, and where each stands: nearest to where the file says, whose texts were stripped."""
    texts = tuple(one["text"].strip() for one in asked["answers"])
    return texts, tuple(
        _nearest(paragraph, text, one.get("answer_start", 0))
        for text, one in zip(texts, asked["answers"], strict=True)
    )


def _nearest(paragraph: str, text: str, expected: int) -> int:
    """Where `text` begins; -1 where it does not stand in the paragraph."""
    found = [at for at in range(len(paragraph)) if paragraph.startswith(text, at)] if text else []
    return min(found, key=lambda at: abs(at - expected), default=-1)
