"""Does a question lean on what was said before, or does it stand alone? By cues and length; no model.

A question that stands alone is left as it is: topics change, and words carried over from another one
would spoil the search.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from everask.dialogue.cues import SYLLABIC, Cues, cues_of, spaced_languages
from everask.text import language_of, words
from everask.types import Turn

_FEW_OPENED = 4
"""Words that name something in a follow-up that begins as one; more than these are a question."""
_FEW_CLOSED = 3
_FEW_POINTING = 5
_FEW_BEFORE = 1
"""Words that name something before "it": what follows more of them points into the question itself."""
_SURE_CHARACTERS = 24
_TELLING_CHARACTERS = 400


def language_in(text: str, history: Sequence[Turn]) -> str:
    """The language of a question; a short one is taken to be in that of the last, if in its script."""
    if not history or len(text) >= _SURE_CHARACTERS:
        return _language_by_words(text)
    last = history[-1].question
    return _language_by_words(f"{last} {text}" if _script(text) == _script(last) else text)


def _language_by_words(text: str) -> str:
    """The language that most little words are of; names among few words mislead what goes by letters."""
    guess = language_of(text)
    if _script(text) != "latin":
        return guess
    found = {text[start:end].lower() for start, end in words(text, guess)}
    counts = {code: len(found & cues_of(code).little) for code in spaced_languages()}
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] > counts.get(guess, 0) else guess


def leans(text: str, language: str) -> bool:
    """Whether this follow-up cannot be understood without what was said before."""
    lowered = text.lower().strip()
    cues = cues_of(language)
    naming = naming_words(text, language)
    count = len(naming) / (2 if language in SYLLABIC else 1)
    return (
        not naming
        or (count <= _FEW_OPENED and cues.opening.search(lowered) is not None)
        or (count <= _FEW_CLOSED and cues.closing.search(lowered) is not None)
        or (count <= _FEW_POINTING and _points_back(lowered, cues, naming, language))
    )


def naming_words(text: str, language: str) -> list[tuple[int, int]]:
    """Spans of the words that name something."""
    cues = cues_of(language)
    return [
        (start, end)
        for start, end in words(text, language)
        if (word := text[start:end].lower()) not in cues.little
        and not cues.pointing.fullmatch(word)
        and not cues.opening.fullmatch(word)
        and not (len(word) == 1 and not word.isdigit() and word.isascii() and word.isalpha())
    ]


def _points_back(lowered: str, cues: Cues, naming: list[tuple[int, int]], language: str) -> bool:
    """Whether it has a word for something named before, which it does not name itself."""
    found = cues.pointing.search(lowered)
    if not found:
        return False
    before = sum(end <= found.start() for _, end in naming)
    return before <= _FEW_BEFORE * (2 if language in SYLLABIC else 1)


def _script(text: str) -> str:
    """The kind of letter that most of a text is in; a long text is told by its beginning."""
    letters = Counter(_block(one) for one in text[:_TELLING_CHARACTERS] if one.isalpha())
    return letters.most_common(1)[0][0] if letters else ""


def _block(letter: str) -> str:
    point = ord(letter)
    if point < 0x250 or 0x1E00 <= point < 0x1F00:
        return "latin"
    return "han" if 0x3040 <= point < 0xA000 or 0xAC00 <= point < 0xD7B0 else f"{point >> 8:x}"
