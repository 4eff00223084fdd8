"""Manuals that Debian packages in several languages, as suites: LibreOffice's, developers' reference.

A folder holds the packages unpacked, each in a folder of its package's name: `apt-get download NAME`, then
`dpkg -x FILE NAME`. Nothing is installed, and nothing is fetched from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from everask.documents.draft import Draft, Limits
from everask.documents.formats import PARSERS
from everask.errors import EveraskError, NotFoundError
from everask.evaluate.manuals import MOST_CHARACTERS, ManualSettings, clean_heading, manual_suites
from everask.evaluate.suite import Suite
from everask.text import clean


@dataclass(frozen=True, slots=True)
class Manual:
    """Packages by language, where their pages are, and which pages are lists of other pages."""

    settings: ManualSettings
    packages: Mapping[str, str]
    pages: str
    skipped: frozenset[str] = frozenset()


_LOCALES = {
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
_REFERENCE = "developers-reference"
MANUALS: Mapping[str, Manual] = {
    "manual": Manual(
        ManualSettings("manual", "Manual", 80),
        {language: f"libreoffice-help-{locale}" for language, locale in _LOCALES.items()},
        "usr/share/libreoffice/help/*/text/swriter/guide/*.html",
    ),
    # Nothing is ever trained or tuned on this one.
    "reference": Manual(
        ManualSettings("reference", "Developers' reference", 200, held_out=True),
        {"en": _REFERENCE, **{one: f"{_REFERENCE}-{one}" for one in ("de", "fr", "it", "ja", "ru")}},
        f"usr/share/{_REFERENCE}/**/*.html",
        frozenset({"index.html", "search.html", "genindex.html", f"{_REFERENCE}.html"}),
    ),
}


def load_manual_suites(name: str, folder: Path) -> list[Suite]:
    """The suites of one of MANUALS. Raises NotFoundError, naming the packages that `folder` lacks."""
    manual = MANUALS[name]
    if missing := [one for one in manual.packages.values() if not (folder / one).is_dir()]:
        raise NotFoundError(
            f"{folder} lacks the Debian packages {', '.join(missing)}, unpacked.",
            "For each of them there: apt-get download NAME && dpkg -x NAME_*.deb NAME",
        )
    by_language = {
        language: dict(_pages(folder / package, manual)) for language, package in manual.packages.items()
    }
    return manual_suites(by_language, manual.settings)


def _pages(root: Path, manual: Manual) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Sections by page, of one language."""
    for page in sorted(root.glob(manual.pages)):
        if page.name in manual.skipped:
            continue
        try:
            yield page.name, list(_sections(page))
        except EveraskError:
            continue


def _sections(page: Path) -> Iterator[tuple[str, str]]:
    """Headings of a page with the text under them; a heading that has none of its own gives nothing."""
    draft = Draft(Limits(), "text/html")
    PARSERS["html"](page.read_bytes(), draft)
    text = draft.text
    heading, body = "", []
    for block in [*draft.blocks, None]:
        if block is not None and block.kind != "heading":
            body.append(clean(text[block.start : block.end]))
            continue
        if heading and body:
            yield heading, "\n".join(body)[:MOST_CHARACTERS]
        heading = clean_heading(clean(text[block.start : block.end])) if block is not None else ""
        body = []
