"""Where somebody's words stand in a text, and what is most like them: by letters and figures alone.

White space, punctuation, case and the width of characters differ between a page and what is copied from it,
and are passed over; accents and vowel signs are not.
"""

from __future__ import annotations

import difflib
import unicodedata

MAX_PLACES = 50
MAX_COMPARED = 4_000
"""Letters; what is like a longer text is told by its beginning."""


def locate(text: str, words: str) -> list[tuple[int, int]]:
    """Where the words stand (start, end), at most `MAX_PLACES`; none where they hold no letter."""
    wanted, _ = _letters(words)
    if not wanted:
        return []
    letters, places = _letters(text)
    found: list[tuple[int, int]] = []
    at = letters.find(wanted)
    while at >= 0 and len(found) < MAX_PLACES:
        found.append((places[at], places[at + len(wanted) - 1] + 1))
        at = letters.find(wanted, at + len(wanted))
    return found


def most_like(text: str, words: str) -> tuple[int, int, float]:
    """The part of a text that is most like the words, and which share of their letters it has in order."""
    wanted, _ = _letters(words[:MAX_COMPARED])
    letters, places = _letters(text[: 2 * MAX_COMPARED])
    if not wanted or not letters:
        return 0, 0, 0.0
    blocks = difflib.SequenceMatcher(None, wanted, letters, autojunk=False).get_matching_blocks()
    # Single letters are alike anywhere.
    alike = [one for one in blocks if one.size >= min(3, len(wanted))]
    if not alike:
        return 0, 0, 0.0
    first, last = alike[0], alike[-1]
    share = sum(one.size for one in alike) / len(wanted)
    return places[first.b], places[last.b + last.size - 1] + 1, share


def _letters(text: str) -> tuple[str, list[int]]:
    """The letters, figures and signs on letters of a text, folded, each with its place."""
    letters: list[str] = []
    places: list[int] = []
    for at, written in enumerate(text):
        if written.isspace():
            continue
        for one in unicodedata.normalize("NFKC", written).casefold() if written > "\x7f" else written.lower():
            if unicodedata.category(one)[0] in "LNM":
                letters.append(one)
                places.append(at)
    return "".join(letters), places
