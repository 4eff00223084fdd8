"""Long documents with questions whose answers stand in them: L-Eval's, and articles stitched together."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from everask.evaluate.halves import half_of
from everask.evaluate.spans import SpanQuestion, SpanSet, load_span_sets
from everask.ingest import count_tokens

STITCHED_TOKENS = 20_000
_SHOWN = 100
"""Of a longer answer, its beginning must be in a window."""
_LANGUAGES = ("en", "zh", "de", "ar", "th", "ru", "es", "hi", "tr", "vi", "el", "ro")
_SHORTEST_ANSWER = 3
_MOST_PLACES = 5

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class LongQuestion:
    """A question, its language, and where in the document its answer stands."""

    text: str
    language: str
    answers: tuple[Span, ...]

    def is_held_by(self, window: Span) -> bool:
        """Whether a window holds an answer."""
        start, end = window
        return any(start <= first and min(last, first + _SHOWN) <= end for first, last in self.answers)


@dataclass(frozen=True, slots=True)
class LongDocument:
    """A document of one group of documents, in one language."""

    group: str
    name: str
    language: str
    text: str
    questions: tuple[LongQuestion, ...]


def load_long(folder: Path, num_documents: int, num_questions: int, half: str) -> Iterator[LongDocument]:
    """At most `num_documents` of each group with at most `num_questions` each, of one half."""
    for name, file in (("Contracts", "legal_contract_qa.jsonl.gz"), ("Papers", "scientific_qa.jsonl")):
        kept = [one for one in _leval(folder / "p02_leval_longdoc" / file, name) if half_of(one.name) == half]
        for one in kept[:num_documents]:
            yield _cut(one, num_questions)
    for language in _LANGUAGES[:num_documents]:
        (pool,) = load_span_sets(folder, (f"xquad-{language}",))
        for one in _stitch("XQuAD", pool, pool.questions, half):
            yield _cut(one, num_questions)
    for number, language in enumerate(_LANGUAGES[:num_documents]):
        asked_in = _LANGUAGES[(number + 5) % len(_LANGUAGES)]
        (pool,) = load_span_sets(folder, (f"xquad-{language}-from-{asked_in}",))
        for one in _stitch("XQuAD, across languages", pool, pool.questions, half):
            yield _cut(one, num_questions)
    (pool,) = load_span_sets(folder, ("drcd",))
    for one in list(_stitch("DRCD", pool, pool.questions, half))[:num_documents]:
        yield _cut(one, num_questions)


def _cut(document: LongDocument, num_questions: int) -> LongDocument:
    asked = document.questions
    step = max(1, len(asked) // num_questions)
    return LongDocument(
        document.group, document.name, document.language, document.text, asked[::step][:num_questions]
    )


def _leval(path: Path, group: str) -> Iterator[LongDocument]:
    """Documents of L-Eval; of their questions those whose answer stands word by word in a few places."""
    open_text = gzip.open if path.suffix == ".gz" else open
    with open_text(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            row = json.loads(line)
            text = str(row["input"])
            asked = []
            for question, answer in zip(row["instructions"], row["outputs"], strict=True):
                places = _places(text, str(answer).strip().rstrip("."))
                if 0 < len(places) <= _MOST_PLACES:
                    asked.append(LongQuestion(_plain(str(question)), "en", places))
            if asked:
                yield LongDocument(group, f"{group}-{number}", "en", text, tuple(asked))


def _plain(question: str) -> str:
    """A contract's question without the frame that all of them have."""
    return question.partition("Details: ")[2] or question


def _places(text: str, answer: str) -> tuple[Span, ...]:
    if len(answer) < _SHORTEST_ANSWER:
        return ()
    found, at = [], text.find(answer)
    while at >= 0:
        found.append((at, at + len(answer)))
        at = text.find(answer, at + 1)
    return tuple(found)


def _stitch(group: str, pool: SpanSet, asked: Sequence[SpanQuestion], half: str) -> Iterator[LongDocument]:
    """Paragraphs one after the other, up to a document's length; questions of one half's articles."""
    by_paragraph: dict[str, list[SpanQuestion]] = {}
    for one in asked:
        if half_of(one.article) == half:
            by_paragraph.setdefault(one.paragraph, []).append(one)
    parts: list[str] = []
    questions: list[LongQuestion] = []
    tokens = at = number = 0
    for key, paragraph in pool.paragraphs.items():
        for one in by_paragraph.get(key, []):
            places = [
                (at + start, at + start + len(text))
                for start, text in zip(one.starts, one.answers, strict=True)
                if start >= 0
            ]
            if places:
                questions.append(LongQuestion(one.text, one.language, tuple(places)))
        parts.append(paragraph)
        at += len(paragraph) + 2
        tokens += count_tokens(paragraph)
        if tokens >= STITCHED_TOKENS:
            yield LongDocument(
                group, f"{pool.name}-{number}", pool.language, "\n\n".join(parts), tuple(questions)
            )
            parts, questions, tokens, at, number = [], [], 0, 0, number + 1
    if tokens >= STITCHED_TOKENS // 2:
        yield LongDocument(
            group, f"{pool.name}-{number}", pool.language, "\n\n".join(parts), tuple(questions)
        )
