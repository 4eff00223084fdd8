"""Pairs that documents label by themselves, and questions with their paragraphs, as training examples.

A `Family` is what one page says in one or several languages: its sections by number. From it come a heading
and the section below it, a sentence and the rest of its section, each in two languages or in one. Sections
of one page stand in one batch, some of them in the query's language: so a language never gives the answer
away (own-language hard negatives). Knows nothing of networks.
"""

from __future__ import annotations

import json
import random
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from everask.evaluate.halves import is_held_out
from everask.evaluate.suites import Suite
from everask.text import sentences

Kind = str  # of an example: "heading", "sentence", "question"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the text below it, in one language."""

    heading: str
    text: str


@dataclass(slots=True)
class Family:
    """A page: `sections[number][language]`; and the questions that are answered there, likewise."""

    page: str
    sections: dict[int, dict[str, Section]] = field(default_factory=dict)
    questions: dict[int, dict[str, list[str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Example:
    """A query and the passage that answers it. `group` is alike for what must not be told apart."""

    query: str
    passage: str
    query_language: str
    passage_language: str
    group: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class DataSettings:
    """How examples are drawn. Shares are of 1; lengths in characters, for Chinese and such a third."""

    page_examples: int = 4
    page_languages: int = 3
    own_language: float = 0.35
    sentence_share: float = 0.2
    title_share: float = 0.3
    question_share: float = 0.35
    passage_characters: int = 340


QUESTION_WEIGHTS = {"xquad-mixed": 5.0}
"""How often each set of questions is drawn from; 1 where nothing is said. The parallel one teaches most."""

COMMON = 4
"""A heading that stands more often than that in a language's manuals says nothing of its section."""

_NUMBERING = re.compile(r"^(?:\w+ )?\d+(?:\.\d+)*\.?\s+")
DENSE = frozenset({"zh", "ja", "ko"})
DENSE_SHARE = 3
"""A character of these languages says as much as about so many letters."""


def read_sections(path: Path) -> list[Family]:
    """Families of a file of sections, one JSON object a line (see dev/build_manuals.py).

    A language whose page has another number of sections than most is a family of its own: its numbers
    mean something else.
    """
    families: dict[str, Family] = {}
    seen: Counter[tuple[str, str]] = Counter()
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            name = f"{row['page']}#{row['sections']}"
            family = families.setdefault(name, Family(name))
            by_language = family.sections.setdefault(row["number"], {})
            heading = _NUMBERING.sub("", row["heading"])
            by_language.setdefault(row["language"], Section(heading, row["text"]))
            seen[row["language"], heading] += 1
    for family in families.values():
        for number, by_language in list(family.sections.items()):
            # "Syntax", "Example": as a query they could mean any of a thousand sections.
            if any(seen[one, section.heading] > COMMON for one, section in by_language.items()):
                del family.sections[number]
    return [family for family in families.values() if family.sections]


def is_held_out_page(page: str, one_in: int = 25) -> bool:
    """Whether a page is kept for measuring while training goes on; by its name without structure."""
    return zlib.crc32(page.partition("#")[0].encode()) % one_in == 0


class Sampler:
    """Draws batches: the same seed and number give the same batch, so that training can be resumed."""

    def __init__(
        self,
        manuals: Sequence[Family],
        asked: Mapping[str, Sequence[Family]],
        settings: DataSettings = DataSettings(),
    ) -> None:
        self._manuals = [family for family in manuals if family.sections]
        self._asked = {name: families for name, families in asked.items() if families}
        self._settings = settings

    def batch(self, number: int, size: int, seed: int = 0) -> list[Example]:
        """`size` examples of distinct groups."""
        draw = random.Random(f"{seed}-{number}")
        found: list[Example] = []
        groups: set[str] = set()
        texts: set[str] = set()
        while len(found) < size:
            for example in self._page(draw):
                if example.group in groups or example.query in texts or example.passage in texts:
                    continue
                groups.add(example.group)
                texts |= {example.query, example.passage}
                found.append(example)
        return found[:size]

    def _page(self, draw: random.Random) -> Iterator[Example]:
        settings = self._settings
        asks = bool(self._asked) and (not self._manuals or draw.random() < settings.question_share)
        family = draw.choice(self._draw_set(draw) if asks else self._manuals)
        numbers = sorted(family.questions if asks else family.sections)
        chosen = draw.sample(numbers, min(settings.page_examples, len(numbers)))
        spoken = sorted({language for number in chosen for language in family.sections[number]})
        languages = draw.sample(spoken, min(settings.page_languages, len(spoken)))
        for number in chosen:
            example = self._example(family, number, languages, asks, draw)
            if example:
                yield example

    def _draw_set(self, draw: random.Random) -> Sequence[Family]:
        names = sorted(self._asked)
        weights = [QUESTION_WEIGHTS.get(name, 1.0) for name in names]
        return self._asked[draw.choices(names, weights)[0]]

    def _example(
        self, family: Family, number: int, languages: Sequence[str], asks: bool, draw: random.Random
    ) -> Example | None:
        settings, sections = self._settings, family.sections[number]
        asked = family.questions.get(number, {}) if asks else sections
        here = [one for one in languages if one in sections]
        from_here = [one for one in languages if one in asked]
        if not here or not from_here:
            return None
        asked_in = draw.choice(from_here)
        others = [one for one in here if one != asked_in]
        is_own = asked_in in here and (not others or draw.random() < settings.own_language)
        answered_in = asked_in if is_own else draw.choice(others) if others else here[0]
        passage = sections[answered_in].text
        kind: Kind = "heading"
        if asks:
            query, kind = draw.choice(family.questions[number][asked_in]), "question"
        elif draw.random() < settings.sentence_share:
            query, passage = _cloze(sections[asked_in].text, asked_in, passage, is_own, draw)
            kind = "sentence"
        else:
            query = sections[asked_in].heading
        if not query or not passage:
            return None
        passage = self._window(passage, answered_in, whole=asks, draw=draw)
        if not asks and draw.random() < settings.title_share:
            passage = _with_title(family, number, answered_in, passage)
        return Example(query, passage, asked_in, answered_in, f"{family.page}/{number}", kind)

    def _window(self, passage: str, language: str, *, whole: bool, draw: random.Random) -> str:
        most = self._settings.passage_characters // (DENSE_SHARE if language in DENSE else 1)
        if whole:  # the answer may stand anywhere in a question's paragraph
            return passage
        if len(passage) <= most or draw.random() < 0.7:
            return passage[:most]
        start = draw.randrange(len(passage) - most)
        return passage[start : start + most]


def _cloze(text: str, language: str, passage: str, is_own: bool, draw: random.Random) -> tuple[str, str]:
    """A sentence of a text, and the passage without it nine times of ten."""
    spans = [span for span in sentences(text, language) if span[1] - span[0] >= 12]
    if len(spans) < 2:
        return "", ""
    start, end = draw.choice(spans)
    if is_own and draw.random() < 0.9:
        passage = f"{text[:start]} {text[end:]}".strip()
    return text[start:end][:200], passage


def _with_title(family: Family, number: int, language: str, passage: str) -> str:
    first = family.sections[min(family.sections)].get(language)
    return passage if first is None or number == min(family.sections) else f"{first.heading}: {passage}"


def read_questions(suites: Sequence[Suite]) -> tuple[dict[str, list[Family]], list[str]]:
    """Families of the tuning halves of question sets, by set; and the articles left out for measuring.

    Of parallel sets (XQuAD's pool of all languages) an article is one family in all its languages.
    """
    found: dict[str, list[Family]] = {}
    left_out: list[str] = []
    for suite in suites:
        half = suite.half("tune")
        families: dict[str, Family] = {}
        numbers: dict[str, int] = {}
        for key, item in half.queries.items():
            if is_held_out(item.article):
                left_out.append(item.article)
                continue
            family = families.setdefault(item.article, Family(f"{suite.name}/{item.article}"))
            right = sorted(half.judgements[key])
            # One paragraph in all its languages is one section; several right ones are several.
            parallel = len({name.partition("-")[2] for name in right}) == 1 and len(right) > 1
            for group in [right] if parallel else [[name] for name in right]:
                number = numbers.setdefault(group[0], len(numbers))
                for name in group:
                    passage = half.passages[name]
                    family.sections.setdefault(number, {})[passage.language] = Section("", passage.text)
                family.questions.setdefault(number, {}).setdefault(item.language, []).append(item.text)
        found[suite.name] = list(families.values())
    return found, sorted(set(left_out))
