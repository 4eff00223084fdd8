"""Documents to make examples of: paragraphs in sentences, in parallel languages where there are any.

XQuAD (12 languages, parallel), DRCD, CMRC 2018 and JSQuAD with their questions, and sections of manuals
(parallel, 60 locales; from dev/build_manuals.py). Which half of the articles is the caller's choice.
"""

from __future__ import annotations

import functools
import json
import random
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from everask.encoder.pairs import Place
from everask.evaluate.spans import load_span_sets
from everask.evaluate.suites import XQUAD_LANGUAGES
from everask.text import sentences

Wanted = Callable[[str], bool]
_MIN_SECTION, _MAX_SECTION = 80, 1500


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on a paragraph, its answer, and the number of the sentence that holds it."""

    question: str
    answer: str
    at: int


@dataclass
class Paragraph:
    """A text below a title, with what was asked of it (by the question's id)."""

    text: str
    title: str
    language: str
    asked: dict[str, Asked] = field(default_factory=dict)

    @functools.cached_property
    def bounds(self) -> Sequence[Place]:
        """Where its sentences stand; found when they are first needed, for most manuals never are."""
        return sentences(self.text, self.language)

    def sentence(self, number: int) -> str:
        """One of its sentences."""
        start, end = self.bounds[number]
        return self.text[start:end]


@dataclass(slots=True)
class Document:
    """Paragraphs by key, in each language that has them."""

    name: str
    versions: dict[str, dict[str, Paragraph]]

    def terms(self, language: str) -> list[str]:
        """What its questions ask for: names, figures, things."""
        paragraphs = self.versions[language].values()
        return sorted({one.answer for paragraph in paragraphs for one in paragraph.asked.values()})


def read_documents(data: Path, names: Sequence[str], wanted: Wanted) -> dict[str, list[Document]]:
    """The span sets "xquad", "drcd", "cmrc", "jsquad" as documents, by set; articles that are `wanted`."""
    found: dict[str, list[Document]] = {}
    for name in names:
        sets = [f"xquad-{one}" for one in XQUAD_LANGUAGES] if name == "xquad" else [name]
        documents: dict[str, Document] = {}
        for spans in load_span_sets(data, tuple(sets)):
            for one in spans.questions:
                if not wanted(one.article) or not one.answers or one.starts[0] < 0:
                    continue
                document = documents.setdefault(one.article, Document(one.article, {}))
                paragraphs = document.versions.setdefault(spans.language, {})
                if one.paragraph not in paragraphs:
                    title = "" if one.article.isdigit() else one.article.replace("_", " ")
                    text = spans.paragraphs[one.paragraph]
                    paragraphs[one.paragraph] = Paragraph(text, title, spans.language)
                paragraph = paragraphs[one.paragraph]
                at = _sentence_at(paragraph.bounds, one.starts[0])
                if at is not None:
                    paragraph.asked[one.id] = Asked(one.text, one.answers[0], at)
        found[name] = list(documents.values())
    return found


def _sentence_at(bounds: Sequence[Place], start: int) -> int | None:
    return next((at for at, bound in enumerate(bounds) if bound[0] <= start < bound[1]), None)


def read_manuals(path: Path, languages: Sequence[str], count: int, seed: int) -> list[Document]:
    """`count` pages of manuals with several sections, in those of the languages that have them."""
    pages = _read_pages(path, languages, seed)
    names = sorted(name for name, page in pages.items() if max(len(one) for one in page.values()) > 1)
    draw = random.Random(seed)
    return [
        Document(name, {code: _sections(page, code) for code, page in pages[name].items()})
        for name in draw.sample(names, min(count, len(names)))
    ]


def _read_pages(path: Path, languages: Sequence[str], seed: int) -> Mapping[str, dict[str, dict[str, _Row]]]:
    pages: dict[str, dict[str, dict[str, _Row]]] = defaultdict(lambda: defaultdict(dict))
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            name = f"{row['page']}#{row['sections']}"
            # A third of the pages: reading them all takes a minute.
            if row["language"] not in languages or zlib.crc32(f"{seed}{name}".encode()) % 3:
                continue
            if _MIN_SECTION <= len(row["text"]) <= _MAX_SECTION:
                pages[name][row["language"]].setdefault(str(row["number"]), (row["heading"], row["text"]))
    return pages


_Row = tuple[str, str]


def _sections(rows: Mapping[str, _Row], language: str) -> dict[str, Paragraph]:
    return {key: Paragraph(text, heading, language) for key, (heading, text) in rows.items()}


def languages_of(documents: Iterable[Document]) -> list[str]:
    """The languages that any of them is in."""
    return sorted({language for one in documents for language in one.versions})
