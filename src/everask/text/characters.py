"""Which characters make words, by how their script writes them; knows nothing of languages.

Three kinds of run: `word` (scripts that put spaces between words), `cjk` (Han, kana, Hangul: no spaces,
or spaces that do not separate dictionary words) and `sea` (Thai, Lao, Khmer, Burmese: no spaces, words
found with a dictionary). The classes are built from the Unicode database at first use.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal

RunKind = Literal["word", "cjk", "sea"]

HANGUL = "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7fb\uffa0-\uffdc"
KANA = "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f\U0001aff0-\U0001b16f"
HAN = "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
CJK = HAN + KANA + HANGUL
SEA = (
    "\u0e00-\u0e3e\u0e40-\u0e4e\u0e80-\u0edf\u1000-\u103f\u1050-\u109f\u1780-\u17d3\u17dc"
    "\ua9e0-\ua9ff\uaa60-\uaa7f"
)
_JOINERS = "\u200c\u200d\u00ad"
_SCANNED = 0x20000
_KINDS: tuple[RunKind, ...] = ("word", "word", "cjk", "sea")  # by the number of the group that matched
_FIRST_PLANE = 0x10000


def _ranges(points: list[int]) -> str:
    """A regular expression's character class body for sorted code points."""
    parts: list[str] = []
    start = previous = points[0]
    for point in [*points[1:], -1]:
        if point == previous + 1:
            previous = point
            continue
        parts.append(f"{re.escape(chr(start))}-{re.escape(chr(previous))}")
        start = previous = point
    return "".join(parts)


@cache
def _word_classes() -> tuple[str, str, str]:
    """Expressions for a letter or digit of a spaced script, and for a mark on one."""
    unspaced = re.compile(f"[{CJK}{SEA}]")
    marks = [
        point
        for point in range(_SCANNED)
        if unicodedata.category(chr(point)) in ("Mn", "Mc") and not unspaced.match(chr(point))
    ]
    # Few and plain classes: a class with characters beyond the first plane is searched one by one.
    letter = f"[^\\W_{CJK}{SEA}]"
    mark = f"[{_ranges([point for point in marks if point < _FIRST_PLANE])}{_JOINERS}]"
    rare_mark = f"[{_ranges([point for point in marks if point >= _FIRST_PLANE])}]"
    return letter, mark, rare_mark


@cache
def word_character() -> str:
    """An expression for one character that is part of a word of a spaced script."""
    return f"(?:{'|'.join(_word_classes())})"


@cache
def run_pattern() -> re.Pattern[str]:
    """Matches one run; the group that matched names its kind."""
    letter, mark, rare_mark = _word_classes()
    inner = f"{letter}++|(?<=[0-9])[.,](?=[0-9])|{mark}|{rare_mark}"
    word = f"(?:{letter}|(?![{_JOINERS}]){mark}|{rare_mark})(?:{inner})*+"
    return re.compile(f"(?P<word>{word})|(?P<cjk>[{CJK}]+)|(?P<sea>[{SEA}{_JOINERS}\u200b]+)")


@cache
def _plain_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Finds what is neither a letter or digit of a spaced script in the first plane nor between such; and
    matches one run of a text without it."""
    _, mark, _ = _word_classes()
    special = f"[{CJK}{SEA}\u200b\U00010000-\U0010ffff{mark[1:-1]}]"
    return re.compile(special), re.compile(r"[^\W_]+(?:(?<=[0-9])[.,](?=[0-9])[^\W_]+)*")


def runs(text: str) -> list[tuple[int, int, RunKind]]:
    """Spans of the runs of word characters in `text`, with their kind."""
    # Most texts hold letters alone: looking for what they do not hold at each place takes most of the time.
    special, plain = _plain_patterns()
    if text.isascii() or not special.search(text):
        return [(*match.span(), "word") for match in plain.finditer(text)]
    return [(*match.span(), _KINDS[match.lastindex or 0]) for match in run_pattern().finditer(text)]


@cache
def digit_table() -> dict[int, str]:
    """Every script's decimal digits to 0–9."""
    table = {}
    for point in range(0x80, _SCANNED):
        value = unicodedata.decimal(chr(point), None)
        if value is not None:
            table[point] = str(value)
    return table
