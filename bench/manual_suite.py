"""A real manual in ten languages as a search suite: its headings are asked, its sections are found.

LibreOffice's help has the same pages in every language. A section's own heading is the query and is
left out of the section's text; the section in any language answers it. The packages come from Debian
(`apt-get download`, unpacked with dpkg, not installed) and are kept in the folder that is named.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

from everask.documents.draft import Draft, Limits
from everask.documents.formats import PARSERS
from everask.errors import EveraskError
from everask.evaluate.suites import Item, Suite
from everask.text import analyse, clean, language_of

LANGUAGES = {
    "en": "en-us",
    "de": "de",
    "es": "es",
    "fr": "fr",
    "ja": "ja",
    "ko": "ko",
    "pt": "pt-br",
    "ru": "ru",
    "vi": "vi",
    "zh": "zh-cn",
}
NUM_SECTIONS = 80
_LEAST_CHARACTERS = {"ja": 50, "ko": 60, "zh": 40}
_MOST_CHARACTERS = 800
_PART = "text/swriter/guide"

Sections = dict[str, list[tuple[str, str]]]


def fetch_manual(folder: Path) -> None:
    """Download and unpack what is missing of the manual."""
    folder.mkdir(parents=True, exist_ok=True)
    for locale in LANGUAGES.values():
        target = folder / f"libreoffice-help-{locale}"
        if target.is_dir():
            continue
        subprocess.run(["apt-get", "download", target.name], cwd=folder, check=True, capture_output=True)
        package = next(folder.glob(f"{target.name}_*.deb"))
        subprocess.run(["dpkg", "-x", package, target], check=True)
        package.unlink()


def _sections(page: Path) -> Iterator[tuple[str, str]]:
    """Headings of a page with the text under them."""
    draft = Draft(Limits(), "text/html")
    PARSERS["html"](page.read_bytes(), draft)
    text = draft.text
    heading, body = "", []
    for block in [*draft.blocks, None]:
        if block is not None and block.kind != "heading":
            body.append(clean(text[block.start : block.end]))
            continue
        if heading and body:
            yield heading, "\n".join(body)[:_MOST_CHARACTERS]
        heading, body = (clean(text[block.start : block.end]), []) if block is not None else ("", [])


def _pages(root: Path) -> Sections:
    """Sections by page, of one language."""
    found: Sections = {}
    for page in sorted(root.glob("usr/share/libreoffice/help/*/" + _PART + "/*.html")):
        try:
            found[page.name] = list(_sections(page))
        except EveraskError:
            continue
    return found


def _is_good(heading: str, body: str, language: str) -> bool:
    """Whether a section is long enough, its heading says something, and both are translated."""
    is_short = len(body) < _LEAST_CHARACTERS.get(language, 120) or len(set(analyse(heading, language))) < 3
    return not is_short and "debug" not in heading and language_of(body) == language


def load_manual(folder: Path) -> list[Suite]:
    """The suites: own language (one a language), all in one pool, answer in another language."""
    by_language = {
        language: _pages(folder / f"libreoffice-help-{locale}") for language, locale in LANGUAGES.items()
    }
    english = by_language["en"]
    chosen: list[tuple[str, int]] = []
    for page, sections in english.items():
        versions = {language: pages.get(page, []) for language, pages in by_language.items()}
        if any(len(version) != len(sections) for version in versions.values()):
            continue
        for number in range(len(sections)):
            pairs = {language: version[number] for language, version in versions.items()}
            if all(_is_good(*pair, language) for language, pair in pairs.items()):
                chosen.append((page, number))
    random.Random(3).shuffle(chosen)
    return _suites(by_language, sorted(chosen[:NUM_SECTIONS]))


def _suites(by_language: dict[str, Sections], chosen: list[tuple[str, int]]) -> list[Suite]:
    passages: dict[str, Item] = {}
    queries: dict[str, Item] = {}
    for language, pages in by_language.items():
        for page, number in chosen:
            heading, body = pages[page][number]
            passages[f"{language}-{page}-{number}"] = Item(body, language, page)
            queries[f"{language}-{page}-{number}"] = Item(heading, language, page)
    return [*_own(passages, queries), _mixed(passages, queries), _scattered(passages, queries)]


def _own(passages: dict[str, Item], queries: dict[str, Item]) -> Iterator[Suite]:
    for language in LANGUAGES:
        pool = {key: item for key, item in passages.items() if item.language == language}
        asked = {key: item for key, item in queries.items() if item.language == language}
        yield Suite(
            f"manual-own-{language}", "Manual, own language", pool, asked, {key: {key: 1} for key in asked}
        )


def _section(key: str) -> str:
    return key.split("-", 1)[1]


def _mixed(passages: dict[str, Item], queries: dict[str, Item]) -> Suite:
    right = {key: {f"{language}-{_section(key)}": 1 for language in LANGUAGES} for key in queries}
    return Suite("manual-mixed", "Manual, all languages in one pool", passages, queries, right)


def _scattered(passages: dict[str, Item], queries: dict[str, Item]) -> Suite:
    draw = random.Random(5)
    placed = {
        section: draw.choice(sorted(LANGUAGES)) for section in sorted({_section(key) for key in passages})
    }
    pool = {
        f"{language}-{section}": passages[f"{language}-{section}"] for section, language in placed.items()
    }
    asked = {key: item for key, item in queries.items() if placed[_section(key)] != item.language}
    right = {key: {f"{placed[_section(key)]}-{_section(key)}": 1} for key in asked}
    return Suite("manual-scatter", "Manual, answer in another language", pool, asked, right)
