"""The pile and the questions that the reader is fitted and measured on; see fit_reader.py.

Each paragraph of XQuAD stands in two of twelve languages, with paragraphs of DRCD, CMRC and JSQuAD. Of the
tuning half only articles that the trained reader never saw are asked about.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from everask.evaluate.halves import Half, is_held_out, is_tune
from everask.evaluate.spans import SpanSet, load_span_sets
from everask.evaluate.suites import XQUAD_LANGUAGES
from everask.types import Query

# Questions of XQuAD, each in its paragraph's two languages and across two; of each other set; off topic.
NUM_XQUAD: Mapping[Half, int] = {"tune": 60, "report": 60}
NUM_OTHER: Mapping[Half, int] = {"tune": 80, "report": 45}
NUM_OFF = 100
NUM_PARAGRAPHS: Mapping[Half, int] = {"tune": 60, "report": 50}
HALVES: tuple[Half, Half] = ("tune", "report")


@dataclass(slots=True)
class Asked:
    """A question, the files that answer it with the right strings in each, and the files of its article."""

    group: str
    half: Half
    query: Query
    gold: dict[str, tuple[str, ...]] = field(default_factory=dict)
    article: set[str] = field(default_factory=set)


def lay_out(data: Path) -> tuple[dict[str, str], list[Asked]]:
    """The pile's files by name, and every question."""
    draw = random.Random(11)
    names = (*(f"xquad-{one}" for one in XQUAD_LANGUAGES), "drcd", "cmrc", "jsquad")
    sets = {one.name: one for one in load_span_sets(data, names)}
    files, asked = _lay_out_xquad({one: sets[f"xquad-{one}"] for one in XQUAD_LANGUAGES}, draw)
    for name in ("drcd", "cmrc", "jsquad"):
        more_files, more_asked = _lay_out_set(sets[name], draw)
        files |= more_files
        asked += more_asked
    for file in sorted((data / "p11_miracl_topics").glob("*-train.tsv")):
        lines = file.read_text("utf-8").splitlines()
        for line in draw.sample(lines, 2 * NUM_OFF // 16 + 1):
            # The reader's training drew its own from the tuning half.
            half: Half = "tune" if zlib.crc32(line.encode()) % 4 == 1 else "report"
            query = Query(line.split("\t", 1)[1], file.name.split("-")[0])
            if zlib.crc32(line.encode()) % 2:
                asked.append(Asked("off topic", half, query))
    return files, asked


def half_of(article: str) -> Half | None:
    """The half of an article; None for one that the reader was trained on."""
    if not is_tune(article):
        return "report"
    return "tune" if is_held_out(article) else None


def _lay_out_set(spans: SpanSet, draw: random.Random) -> tuple[dict[str, str], list[Asked]]:
    by_half: dict[Half, list[str]] = {half: [] for half in HALVES}
    articles: dict[str, str] = {}
    for one in spans.questions:
        half = half_of(one.article)
        if half and one.paragraph not in articles:
            by_half[half].append(one.paragraph)
        articles[one.paragraph] = one.article
    chosen = [
        key
        for half, keys in by_half.items()
        for key in draw.sample(sorted(keys), min(len(keys), NUM_PARAGRAPHS[half]))
    ]
    kept = {key: f"{spans.name}/{at}" for at, key in enumerate(chosen)}
    of_article: dict[str, set[str]] = {}
    for key, file in kept.items():
        of_article.setdefault(articles[key], set()).add(file)
    asked: list[Asked] = []
    for half in HALVES:
        some = [one for one in spans.questions if one.paragraph in kept and half_of(one.article) == half]
        for one in draw.sample(some, min(len(some), NUM_OTHER[half])):
            gold = {kept[one.paragraph]: one.answers}
            query = Query(one.text, one.language)
            asked.append(Asked(spans.name, half, query, gold, of_article[one.article]))
    return {file: spans.paragraphs[key] for key, file in kept.items()}, asked


def _lay_out_xquad(sets: dict[str, SpanSet], draw: random.Random) -> tuple[dict[str, str], list[Asked]]:
    some = next(iter(sets.values()))
    placed = {key: draw.sample(XQUAD_LANGUAGES, 2) for key in some.paragraphs}
    files = {
        f"{one}/{key}": sets[one].paragraphs[key] for key, languages in placed.items() for one in languages
    }
    articles: dict[str, set[str]] = {}
    for one in some.questions:
        names = {f"{language}/{one.paragraph}" for language in placed[one.paragraph]}
        articles.setdefault(one.article, set()).update(names)
    by_id = {language: {one.id: one for one in each.questions} for language, each in sets.items()}
    asked: list[Asked] = []
    for half in HALVES:
        mine = [one for one in some.questions if half_of(one.article) == half]
        for one in draw.sample(mine, min(len(mine), NUM_XQUAD[half])):
            own = placed[one.paragraph]
            gold = {f"{language}/{one.paragraph}": by_id[language][one.id].answers for language in own}
            others = draw.sample([language for language in XQUAD_LANGUAGES if language not in own], 2)
            for group, spoken in (("own language", own), ("across languages", others)):
                for language in spoken:
                    query = Query(by_id[language][one.id].text, language)
                    asked.append(Asked(group, half, query, gold, articles[one.article]))
    return files, asked
