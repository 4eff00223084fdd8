"""Errors in the reader's language: a message is found among the known texts, and said with its own values.

Rooms below know no languages of pages: their errors are English sentences, as programs and logs want them.
What forms can meet is in words/faults/, keyed by the English text with its values' names. A message that is
not there is said in English, and marked as such.
"""

from __future__ import annotations

import functools
import json
import re

from everask.serve.wording import WORDS, words_of

_FIELD = re.compile(r"\{(\w+)\}")


def say_fault(message: str, language: str) -> str:
    """An error's message or hint in a language of the pages; as it is where it is not known."""
    return find_fault(message, language) or message


def language_of_fault(message: str, language: str) -> str:
    """The language that `say_fault` says it in."""
    return language if find_fault(message, language) is not None else "en"


@functools.cache
def faults_of(language: str) -> dict[str, str]:
    """What each known text is in a language."""
    found: dict[str, str] = json.loads((WORDS / f"faults/{language}.json").read_text("utf-8"))
    return found


def find_fault(message: str, language: str) -> str | None:
    """The same, None where it is not known."""
    if message in (known := words_of(language)):
        return known[message]
    for text, pattern in _patterns():
        if (match := pattern.fullmatch(message)) is not None:
            return _fill(faults_of(language)[text], match)
    return None


def _fill(said: str, values: re.Match[str]) -> str:
    return _FIELD.sub(lambda field: values[field.group(1)], said)


@functools.cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each text and what it looks like with values in it; first those that say most themselves."""
    texts = sorted(faults_of("en"), key=lambda one: (-len(_FIELD.sub("", one)), one))
    return tuple((one, _pattern(one)) for one in texts)


def _pattern(text: str) -> re.Pattern[str]:
    parts, place = [], 0
    for field in _FIELD.finditer(text):
        parts += [re.escape(text[place : field.start()]), f"(?P<{field.group(1)}>.+?)"]
        place = field.end()
    return re.compile("".join([*parts, re.escape(text[place:])]), re.DOTALL)
