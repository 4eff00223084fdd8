"""Word boundaries: ICU's dictionaries for scripts without spaces, the character classes for the rest."""

from __future__ import annotations

import re

from icu4py.breakers import WordBreaker

from everask.text.characters import runs

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def _stand_in(match: re.Match[str]) -> str:
    """ICU counts UTF-16 units: characters beyond the first plane are replaced one for one."""
    return "\u3400" if "\U00020000" <= match.group() <= "\U0003ffff" else "\u00f8"


def dictionary_words(run: str, language: str) -> list[tuple[int, int]]:
    """Spans of ICU's words in a run of word characters."""
    return list(WordBreaker(_ASTRAL.sub(_stand_in, run), language if language != "und" else "en").segments())


def words(text: str, language: str) -> list[tuple[int, int]]:
    """Spans of the words of `text` as given, in code points."""
    spans: list[tuple[int, int]] = []
    for start, end, kind in runs(text):
        if kind == "word":
            spans.append((start, end))
        else:
            spans.extend((start + a, start + b) for a, b in dictionary_words(text[start:end], language))
    return spans
