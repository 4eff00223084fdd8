"""The pile and the questions that the cited answer is taught on; see summariser_cases.py.

Of the tuning half, or for bench/tuned_answers.py of the other. An article of XQuAD stands in two of twelve
languages, as a household's documents would: whole in one, in part in the other. With it stand DRCD, CMRC
and JSQuAD (half of them under their titles), HotpotQA's paragraphs under theirs, FeTaQA's tables, and
sections of manuals in many languages.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from everask.evaluate.halves import Half, half_of, is_held_out
from everask.evaluate.spans import SpanQuestion, SpanSet, load_span_sets
from everask.evaluate.suites import XQUAD_LANGUAGES
from everask.text import sentences

# Of each of XQuAD's questions, in languages that its paragraph does not stand in.
NUM_ACROSS = 2
NUM_OTHER = {"drcd": 140, "cmrc": 100, "jsquad": 120}
NUM_PARAGRAPHS = 110
NUM_HOTPOT = 75
NUM_TABLES = 130
NUM_MANUALS = 150
_MANUAL_LANGUAGES = (
    "fr", "it", "pt", "nl", "pl", "cs", "sv", "da", "ko", "ja", "uk", "fi", "hu", "ca", "id", "sr",
    "en", "de", "es", "ru", "zh", "tr", "vi", "el", "hi",
)  # fmt: skip


@dataclass(slots=True)
class Gold:
    """Where a file holds the answer: its paragraph, and spans in it (or whole rows, for a table)."""

    paragraph: str
    spans: tuple[tuple[int, int], ...] = ()
    rows: tuple[str, ...] = ()


@dataclass(slots=True)
class Asked:
    """A question, what holds its answer in which files, and how a person would put it in its language.

    `reply` is empty where the evidence's own words are the reply. `needs_all`: both hops are wanted.
    """

    group: str
    question: str
    language: str
    article: str
    answers: tuple[str, ...]
    gold: dict[str, Gold] = field(default_factory=dict)
    reply: str = ""
    needs_all: bool = False
    is_held_out: bool = False


def lay_out(data: Path, manuals: Path | None, half: Half = "tune") -> tuple[dict[str, str], list[Asked]]:
    """The pile's files by name, with their ending, and every question, in a drawn order."""
    draw = random.Random(23)
    names = (*(f"xquad-{one}" for one in XQUAD_LANGUAGES), "drcd", "cmrc", "jsquad")
    sets = {one.name: one for one in load_span_sets(data, names)}
    files, asked = _xquad({one: sets[f"xquad-{one}"] for one in XQUAD_LANGUAGES}, draw, half)
    parts = [_single(sets[name], draw, half) for name in ("drcd", "cmrc", "jsquad")]
    parts += [_hotpot(data, draw, half), _tables(data, half)]
    parts += [_manuals(manuals, draw, half)] if manuals else []
    for more_files, more_asked in parts:
        files |= more_files
        asked += more_asked
    draw.shuffle(asked)
    return files, asked


def _xquad(
    sets: Mapping[str, SpanSet], draw: random.Random, half: Half
) -> tuple[dict[str, str], list[Asked]]:
    some = next(iter(sets.values()))
    by_id = {language: {one.id: one for one in each.questions} for language, each in sets.items()}
    articles = sorted({one.article for one in some.questions if half_of(one.article) == half})
    spoken = {
        article: (XQUAD_LANGUAGES[at % 12], XQUAD_LANGUAGES[(at * 5 + 3 + (at % 12 == 9)) % 12])
        for at, article in enumerate(articles)
    }
    places: dict[str, tuple[str, ...]] = {}
    for one in some.questions:
        if half_of(one.article) == half and one.paragraph not in places:
            first, second = spoken[one.article]
            places[one.paragraph] = (first, second) if draw.random() < 0.3 and first != second else (first,)
    files = {
        f"xquad/{language}-{key}.txt": sets[language].paragraphs[key]
        for key, languages in places.items()
        for language in languages
    }
    asked: list[Asked] = []
    for one in [one for one in some.questions if half_of(one.article) == half]:
        own = places[one.paragraph]
        asked += [_asked_xquad("own language", by_id, one, language, own) for language in own]
        others = [language for language in XQUAD_LANGUAGES if language not in own]
        asked += [
            _asked_xquad("across languages", by_id, one, language, own)
            for language in draw.sample(others, NUM_ACROSS)
        ]
    return files, asked


def _asked_xquad(
    group: str,
    by_id: Mapping[str, Mapping[str, SpanQuestion]],
    one: SpanQuestion,
    language: str,
    places: Sequence[str],
) -> Asked:
    spoken = by_id[language][one.id]
    gold = {f"xquad/{there}-{one.paragraph}.txt": Gold("", _spans(by_id[there][one.id])) for there in places}
    return Asked(
        group, spoken.text, language, one.article, spoken.answers, gold, is_held_out=is_held_out(one.article)
    )


def translations(data: Path) -> dict[tuple[str, str], str]:
    """The sentence that holds the answer, by the question's text and language: what people translated."""
    found: dict[tuple[str, str], str] = {}
    for spans in load_span_sets(data, tuple(f"xquad-{one}" for one in XQUAD_LANGUAGES)):
        for one in spans.questions:
            text = spans.paragraphs[one.paragraph]
            if one.starts and one.starts[0] >= 0:
                start, end = one.starts[0], one.starts[0] + len(one.answers[0])
                holding = [text[a:b] for a, b in sentences(text, spans.language) if a <= start and end <= b]
                if holding:
                    found[(one.text, spans.language)] = holding[0]
    return found


def _spans(one: SpanQuestion) -> tuple[tuple[int, int], ...]:
    return tuple((at, at + len(text)) for text, at in zip(one.answers, one.starts, strict=True) if at >= 0)


def _single(spans: SpanSet, draw: random.Random, half: Half) -> tuple[dict[str, str], list[Asked]]:
    mine = [one for one in spans.questions if half_of(one.article) == half and -1 not in one.starts]
    some = draw.sample(mine, min(NUM_OTHER[spans.name], len(mine)))
    keys = list(dict.fromkeys(one.paragraph for one in some))
    rest = sorted({one.paragraph for one in mine} - set(keys))
    keys += draw.sample(rest, max(0, min(NUM_PARAGRAPHS - len(keys), len(rest))))
    article = {one.paragraph: one.article for one in mine}
    files: dict[str, str] = {}
    named: dict[str, str] = {}
    for number, key in enumerate(keys):
        titled = draw.random() < 0.5
        named[key] = f"{spans.name}/{number}.{'md' if titled else 'txt'}"
        files[named[key]] = (f"# {article[key]}\n\n" if titled else "") + spans.paragraphs[key]
    asked = [
        Asked(
            spans.name,
            one.text,
            one.language,
            one.article,
            one.answers,
            {named[one.paragraph]: Gold(spans.paragraphs[one.paragraph], _spans(one))},
            is_held_out=is_held_out(one.article),
        )
        for one in some
    ]
    return files, asked


def _hotpot(data: Path, draw: random.Random, half: Half) -> tuple[dict[str, str], list[Asked]]:
    file = data / "p02_hotpot_distractor" / "hotpot_a.jsonl"
    rows = [row for row in _lines(file) if half_of(row["_id"]) == half]
    files: dict[str, str] = {}
    asked: list[Asked] = []
    for row in draw.sample(rows, min(NUM_HOTPOT, len(rows))):
        gold: dict[str, Gold] = {}
        held: dict[str, set[int]] = defaultdict(set)
        for title, number in row["supporting_facts"]:
            held[title].add(number)
        for number, (title, parts) in enumerate(row["context"]):
            name = f"hotpot/{row['_id']}-{number}.md"
            text = "".join(parts).strip()
            files[name] = f"# {title}\n\n{text}"
            if title in held:
                spans, at = [], 0
                for place, part in enumerate(parts):
                    begin = text.find(part.strip(), at)
                    at = begin + len(part.strip())
                    if place in held[title]:
                        spans.append((begin, at))
                gold[name] = Gold(text, tuple(spans))
        asked.append(
            Asked(
                "two hops", row["question"], "en", row["_id"], (row["answer"],), gold,
                needs_all=True, is_held_out=is_held_out(row["_id"]),
            )
        )  # fmt: skip
    return files, asked


def _tables(data: Path, half: Half) -> tuple[dict[str, str], list[Asked]]:
    """FeTaQA's questions on one row: people wrote the replies."""
    files: dict[str, str] = {}
    asked: list[Asked] = []
    for row in _lines(data / "p08_fetaqa" / "dev.jsonl"):
        table = row["table_array"]
        article = row["table_page_title"]
        lines = sorted({at for at, _ in row["highlighted_cell_ids"] if at > 0})
        small = 3 <= len(table) <= 25 and len({len(one) for one in table}) == 1 and len(table[0]) <= 8
        if half_of(article) != half or len(lines) != 1 or not small or len(asked) >= NUM_TABLES:
            continue
        name = f"tables/{row['feta_id']}.md"
        cells = [[cell.replace("|", "/").replace("\n", " ") for cell in one] for one in table]
        body = [" | ".join(one) for one in (cells[0], ["---"] * len(cells[0]), *cells[1:])]
        head = f"# {article}\n\n## {row['table_section_title']}\n\n"
        files[name] = head + "\n".join(f"| {one} |" for one in body)
        gold = {name: Gold("", (), (" | ".join(cells[lines[0]]),))}
        asked.append(
            Asked("tables", row["question"], "en", article, (), gold, row["answer"],
                  is_held_out=is_held_out(article))
        )  # fmt: skip
    return files, asked


def _manuals(sections: Path, draw: random.Random, half: Half) -> tuple[dict[str, str], list[Asked]]:
    """A heading is what is asked; its section says it. A few in each of many languages."""
    pages: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in _lines(sections):
        if half_of(row["page"]) == half:
            pages[row["language"]][row["page"]].append((row["heading"], row["text"]))
    files: dict[str, str] = {}
    asked: list[Asked] = []
    for number in range(NUM_MANUALS):
        language = _MANUAL_LANGUAGES[number % len(_MANUAL_LANGUAGES)]
        page = draw.choice(sorted(pages[language]))
        chosen = pages[language][page][:6]
        name = f"manuals/{number}-{language}.md"
        files[name] = "\n\n".join(f"## {heading}\n\n{text}" for heading, text in chosen)
        heading, text = draw.choice(chosen)
        if len(heading) > 12:
            gold = {name: Gold(text, ((0, len(text)),))}
            asked.append(Asked("manuals", heading, language, page, (), gold, is_held_out=is_held_out(page)))
    return files, asked


def _lines(file: Path) -> Iterator[Any]:
    with file.open(encoding="utf-8") as stream:
        yield from (json.loads(line) for line in stream if line.strip())
