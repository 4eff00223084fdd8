"""Text made comparable: what two writings of one word have in common. Knows no languages, no stems.

`clean` keeps text readable (it is what gets indexed and shown to the encoder); `normalise` is for tokens
only: case, width, traditional Chinese, Arabic and Indic spelling variants, digits and vowel points are
folded away.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from importlib import resources

from everask.text.characters import digit_table

# Soft hyphens, zero-width characters, bidirectional controls, tags, variation selectors, surrogates.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]"
)
_SPACE = re.compile(r"\s+")
_VARIANTS = str.maketrans(
    {
        "ı": "i",
        "\u0307": None,  # the dot that casefold leaves on a Turkish İ
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ٱ": "ا",
        "ى": "ي",
        "ی": "ي",
        "ئ": "ي",
        "ؤ": "و",
        "ة": "ه",
        "ۀ": "ه",
        "ہ": "ه",
        "ھ": "ه",
        "ک": "ك",
        "ـ": None,
        "ऩ": "न",
        "ऱ": "र",
        "ऴ": "ळ",
        "ँ": "ं",
        "ё": "е",
    }
)
# Arabic vowel points and Quranic marks, Hebrew points, Indic nuktas.
_POINTS = re.compile(
    "[\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u093c\u09bc\u0a3c\u0abc\u0b3c\u0cbc]"
)


def clean(text: str) -> str:
    """Readable text in one form: NFKC, nothing invisible, white space collapsed to single spaces."""
    if text.isascii():
        return " ".join(_INVISIBLE.sub("", text).split())
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))).strip()


@cache
def _table() -> dict[int, str | int | None]:
    return {**_simplified(), **_VARIANTS, **digit_table()}


def _simplified() -> dict[int, int]:
    """Traditional Chinese characters to simplified ones: one word in both is one word."""
    file = resources.files("everask.text") / "han.json"
    record = json.loads(file.read_text("utf-8"))
    return str.maketrans(record["traditional"], record["simplified"])


def normalise(text: str) -> str:
    """The form in which words are compared; may be longer or shorter than `text`."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()
    return unicodedata.normalize("NFC", _POINTS.sub("", folded).translate(_table()))


def without_accents(word: str) -> str:
    """A normalised word without its diacritics; the same word where it has none."""
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFD", word)
    return "".join(part for part in parts if not "\u0300" <= part <= "\u036f").translate(_STROKES)


_STROKES = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ħ": "h"})
