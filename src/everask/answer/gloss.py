"""A gloss: a quote said in the reader's language by the language model. A help for reading, never a source.

What a gloss must share with its quote can be checked without knowing both languages: figures, addresses,
names in Latin letters, the language that was asked for, and by vectors whether it says the same on the
whole. One that fails is not shown. What passes may still be wrong in a word, which nothing here can see; so
it is always marked as the machine's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from everask.answer.dates import month_number
from everask.answer.figures import wrong_figure
from everask.answer.gloss_distance import Encodes, is_far
from everask.answer.prompts import GLOSS_SYSTEM, GLOSS_USER, build_gloss_grammar, estimate_tokens
from everask.answer.wording import LANGUAGE_NAMES
from everask.generator import Generator, Message
from everask.text import language_of

MAX_CHARS = 700
"""Longer quotes are read by nobody for their gist, and go wrong more often."""
TOO_SMALL = ("0.5b",)
"""Marks in the names of models that were measured and found too weak (docs/benchmarks.md)."""
SPOKEN = frozenset(("ar", "de", "en", "es", "fr", "it", "ja", "ko", "pt", "ru", "th", "vi", "zh"))
"""What the packs' models were trained on; of others they invent what nothing here can see."""
_MOST_LONGER, _MOST_SHORTER = 3.5, 0.2
_FACTOR, _EXTRA = 3, 40
"""Of tokens."""
_LATIN = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ0-9]*(?:[.+'’_-][A-Za-zÀ-ɏ0-9]+)*")
_WORD = re.compile(r"[^\W\d_]+")
_LETTER = re.compile(r"[^\W\d_]")
_ADDRESS = re.compile(r"(?:https?|ftp)://\S+|[\w.+-]+@[\w-]+\.\w+")
_LATIN_SHARE = 0.5
_NOUNS_WITH_CAPITALS = frozenset({"de", "lb"})
_WITHIN = re.compile(r"(?<=[^\W\d_A-Z][ ,])\s*([A-ZÀ-ÖØ-Þ][^\W\d_]+)")
_MOST_SAME = 0.75


@dataclass(frozen=True, slots=True)
class Gloss:
    """A quote in another language, and what is wrong with it: "" where it may be shown."""

    text: str
    problem: str = ""


def make_gloss(
    generator: Generator,
    quote: str,
    languages: tuple[str, str],
    cancelled: Callable[[], bool] | None = None,
    encoder: Encodes | None = None,
) -> Gloss:
    """Say a quote in another language; `languages` are the quote's and the gloss's. Raises ModelError.

    Without an encoder nothing is said of its meaning.
    """
    source, target = languages
    text = " ".join(quote.split())
    if len(text) > MAX_CHARS:
        return Gloss("", "the quote is too long")
    asked = GLOSS_USER.format(language=LANGUAGE_NAMES.get(target, target), quote=text)
    messages = [Message("system", GLOSS_SYSTEM), Message("user", asked)]
    most = _FACTOR * estimate_tokens(text) + _EXTRA
    pieces = generator.stream(
        messages, max_tokens=most, grammar=build_gloss_grammar(target), cancelled=cancelled
    )
    said = " ".join("".join(pieces).split())
    problem = find_problem(said, text, source, target)
    if not problem and encoder is not None and is_far(said, text, languages, encoder):
        problem = "it says something else than the quote"
    return Gloss(said, problem)


def is_worth_asking(model: str) -> bool:
    """Whether a model's glosses are right often enough to be shown: the smallest ones' are not."""
    return not any(one in model.casefold() for one in TOO_SMALL)


def find_problem(gloss: str, quote: str, source: str, target: str) -> str:
    """What cannot be right in a gloss; "" where nothing is seen."""
    if not gloss:
        return "nothing was said"
    if not _MOST_SHORTER <= len(gloss) / len(quote) <= _MOST_LONGER * _width(quote):
        return "its length does not fit"
    if _is_the_same(gloss, quote):
        return "it is the quote again"
    if (found := language_of(gloss, target)) != target and _letters(gloss) > 12:
        return f"it is in another language ({found})"
    if missing := [one for one in _ADDRESS.findall(quote) if one.rstrip(".,;)") not in gloss]:
        return f"the address {missing[0]} is missing"
    if wrong := wrong_figure(gloss, quote, (target, source)):
        return f"the figure {wrong} is not in the quote"
    if wrong := wrong_figure(quote, gloss, (source, target)):
        return f"the figure {wrong} is missing"
    name = _missing_name(gloss, quote, source)
    return f"the name {name} is missing" if name else _strange_name(gloss, quote, target)


def _missing_name(gloss: str, quote: str, source: str) -> str:
    """A name of the quote that the gloss should have as it is written; "" where all are there."""
    known = {_fold(one) for one in _LATIN.findall(gloss)}
    if not _is_latin(quote):
        names = [one for one in _LATIN.findall(quote) if len(one) > 1]
    else:
        names = [one for one in _LATIN.findall(quote) if _is_sign(one)]
        names += _names(quote, source) if _is_latin(gloss) else []
    return next((one for one in names if not _is_among(one, known)), "")


def _strange_name(gloss: str, quote: str, target: str) -> str:
    """A name that the gloss has and the quote has not, where that can be seen; "" for none."""
    known = {_fold(one) for one in _LATIN.findall(quote)}
    if _is_latin(gloss):
        names = _names(gloss, target) if _is_latin(quote) else []
    else:
        names = [one for one in _LATIN.findall(gloss) if len(one) > 1]
    strange = next((one for one in names if not _is_among(one, known)), "")
    return f"the name {strange} is not in the quote" if strange else ""


def _names(text: str, language: str) -> list[str]:
    """Words with a capital within a sentence; none where all nouns have one."""
    if language in _NOUNS_WITH_CAPITALS:
        return []
    found = [match.group(1) for match in _WITHIN.finditer(text)]
    return [one for one in found if month_number(one) is None]


def _is_among(name: str, known: set[str]) -> bool:
    plain = _fold(name)
    return plain in known or any(
        one.startswith(plain) or plain.startswith(one) for one in known if len(one) > 3
    )


def _is_the_same(gloss: str, quote: str) -> bool:
    said, known = ([_fold(one) for one in _WORD.findall(text)] for text in (gloss, quote))
    return sum(one in set(known) for one in said) > _MOST_SAME * max(1, len(said)) and len(said) > 2


def _is_sign(word: str) -> bool:
    """Whether it is written in a way that no language changes: GPL, LibreOffice, x86."""
    return len(word) > 1 and (any(one.isdigit() for one in word) or any(one.isupper() for one in word[1:]))


def _is_latin(text: str) -> bool:
    letters = _LETTER.findall(text)
    return sum(one in "ªº" or "LATIN" in unicodedata.name(one, "") for one in letters) > _LATIN_SHARE * len(
        letters
    )


def _letters(text: str) -> int:
    return len(_LETTER.findall(text))


def _width(text: str) -> float:
    """How many times as many letters others need: a Chinese sign is about a word."""
    wide = sum(one >= "\u2e80" for one in text)
    return 1 + 2 * wide / max(1, len(text))


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    return "".join(one for one in plain if not unicodedata.combining(one)).casefold()
