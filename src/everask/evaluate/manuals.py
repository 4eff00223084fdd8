"""A manual in several languages as search suites: its headings are asked, its sections are found.

The pages are the same in every language. A section's own heading is the query and is left out of the
section's text, and so are the headings above it; the section in any language answers it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from everask.evaluate.suite import Item, Suite, pile
from everask.text import analyse, language_of

# Headings with the text under them, by page.
Sections = Mapping[str, Sequence[tuple[str, str]]]

MOST_CHARACTERS = 800
_LEAST_CHARACTERS = {"ja": 50, "ko": 60, "zh": 40}
_LEAST = 120
_NUMBERING = re.compile(r"^\d+(\.\d+)*\.?\s+|\s*¶$")


@dataclass(frozen=True, slots=True)
class ManualSettings:
    """What a manual's suites are called, how many sections they hold, and whether they are held out."""

    name: str
    title: str
    num_sections: int
    held_out: bool = False


def clean_heading(heading: str) -> str:
    """A heading without its number and its link mark."""
    return _NUMBERING.sub("", heading).strip()


def manual_suites(by_language: Mapping[str, Sections], settings: ManualSettings) -> list[Suite]:
    """Own language (a suite a language), all languages in one pool, the answer in another language, and in
    the asker's among others."""
    chosen = _choose(by_language)
    random.Random(3).shuffle(chosen)
    passages: dict[str, Item] = {}
    queries: dict[str, Item] = {}
    for language, pages in by_language.items():
        for page, number in sorted(chosen[: settings.num_sections]):
            heading, body = pages[page][number]
            passages[f"{language}-{page}-{number}"] = Item(body, language, page)
            queries[f"{language}-{page}-{number}"] = Item(heading, language, page)
    scattered = _scattered(passages, queries, list(by_language))
    sections = {key: _section(key) for key in queries}
    made = [
        *_own(passages, queries, list(by_language)),
        _mixed(passages, queries, list(by_language)),
        scattered,
        pile("piled", "answer in the own language, among others", scattered, queries, sections),
    ]
    return [
        Suite(
            f"{settings.name}-{suite.name}",
            f"{settings.title}, {suite.group}",
            suite.passages,
            suite.queries,
            suite.judgements,
            held_out=settings.held_out,
        )
        for suite in made
    ]


def _choose(by_language: Mapping[str, Sections]) -> list[tuple[str, int]]:
    """Sections that are there, long enough and translated in every language."""
    chosen: list[tuple[str, int]] = []
    for page, sections in next(iter(by_language.values())).items():
        versions = {language: pages.get(page, []) for language, pages in by_language.items()}
        if any(len(version) != len(sections) for version in versions.values()):
            continue
        for number in range(len(sections)):
            pairs = {language: version[number] for language, version in versions.items()}
            if all(_is_good(*pair, language) for language, pair in pairs.items()):
                chosen.append((page, number))
    return chosen


def _is_good(heading: str, body: str, language: str) -> bool:
    """Whether a section is long enough, its heading says something, and both are translated."""
    least = _LEAST_CHARACTERS.get(language, _LEAST)
    is_short = len(body) < least or len(set(analyse(heading, language))) < 3
    return not is_short and "debug" not in heading and language_of(body) == language


def _own(passages: dict[str, Item], queries: dict[str, Item], languages: list[str]) -> Iterator[Suite]:
    for language in languages:
        pool = {key: item for key, item in passages.items() if item.language == language}
        asked = {key: item for key, item in queries.items() if item.language == language}
        yield Suite(f"own-{language}", "own language", pool, asked, {key: {key: 1} for key in asked})


def _section(key: str) -> str:
    return key.split("-", 1)[1]


def _mixed(passages: dict[str, Item], queries: dict[str, Item], languages: list[str]) -> Suite:
    right = {key: {f"{language}-{_section(key)}": 1 for language in languages} for key in queries}
    return Suite("mixed", "all languages in one pool", passages, queries, right)


def _scattered(passages: dict[str, Item], queries: dict[str, Item], languages: list[str]) -> Suite:
    draw = random.Random(5)
    sections = sorted({_section(key) for key in passages})
    placed = {section: draw.choice(sorted(languages)) for section in sections}
    pool = {
        f"{language}-{section}": passages[f"{language}-{section}"] for section, language in placed.items()
    }
    asked = {key: item for key, item in queries.items() if placed[_section(key)] != item.language}
    right = {key: {f"{placed[_section(key)]}-{_section(key)}": 1} for key in asked}
    return Suite("scatter", "answer in another language", pool, asked, right)
