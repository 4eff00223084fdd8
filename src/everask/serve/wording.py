"""The user interface's words in the reader's language: one JSON file a language, keyed by the English text.

The reader's own choice (a cookie) counts, then what the browser prefers, then English. What has no
translation is said in English. Words are plain text: templates escape them like everything else.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Protocol

from starlette.requests import Request

from everask.answer.wording import LANGUAGE_NAMES

COOKIE = "everask_language"
WORDS = Path(__file__).parent / "words"
NAMES = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "zh": "中文",
    "ja": "日本語",
    "ar": "العربية",
}
"""The languages that the pages speak, by their own names."""
_MAX_PREFERENCES = 20


class Translate(Protocol):
    """`_("{number} files", number=3)`: a text in the reader's language, with its values."""

    def __call__(self, text: str, /, **values: object) -> str: ...


@functools.cache
def words_of(language: str) -> dict[str, str]:
    """The words of a language: what a text is in it."""
    found: dict[str, str] = json.loads((WORDS / f"{language}.json").read_text("utf-8"))
    return found


@functools.cache
def translator(language: str) -> Translate:
    """The function that says a text in a language."""
    known = words_of(language)

    def translate(text: str, /, **values: object) -> str:
        said = known.get(text, text)
        return said.format(**values) if values else said

    return translate


@functools.cache
def language_names(language: str) -> dict[str, str]:
    """Names of languages, by code, in a language."""
    named: dict[str, dict[str, str]] = json.loads((WORDS / "names/languages.json").read_text("utf-8"))
    return {**LANGUAGE_NAMES, **named.get(language, {})}


def language_of(request: Request) -> str:
    """The language in which a request's page is written."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in NAMES else preferred(request.headers.get("accept-language", ""))


def preferred(header: str) -> str:
    """The best of our languages for an Accept-Language header; English without one."""
    ranked: list[tuple[float, str]] = []
    for one in header.split(",")[:_MAX_PREFERENCES]:
        tag, _, rest = one.strip().partition(";")
        code = tag.partition("-")[0].lower()
        if code in NAMES:
            ranked.append((_quality(rest), code))
    best = max(ranked, key=lambda pair: pair[0], default=(0.0, "en"))
    return best[1] if best[0] > 0 else "en"


def _quality(text: str) -> float:
    name, _, value = text.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
