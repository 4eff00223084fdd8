"""Names of a sentence must stand in its quote: "Bosch" for "Siemens", 上海 for 北京, are found out.

Scripts with capitals show their names; there the first word of a sentence, and in German every noun, counts
only if few texts have such a word. In other scripts every word that few texts have must be in the quote.
Forms of a word pass where a language inflects names. A name of the question may be repeated.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from everask.answer.dates import month_number
from everask.answer.spelled import read_words
from everask.text import analyse, words
from everask.text.telling import weigh

_CAPITALISED = re.compile(r"(?<![\w’'])[A-ZÀ-ÖØ-ÞĀ-ĐŁŚŠŻŽΆ-ΩА-ЯЁІЇЄҐ][\w’'-]*")
_LATIN_NAME = re.compile(r"[A-Za-zÀ-ɏ][\w’'-]+")
_WORD = re.compile(r"[^\W_]+")
UNCASED = frozenset(
    ["zh", "ja", "th", "ko", "ar", "hi", "fa", "he", "ur", "bn", "ta", "te", "mr", "gu", "kn"]
)
_UNSPACED = ("zh", "ja", "th")
# Languages in which a name has endings of its own.
_INFLECTED = frozenset(
    [
        "ru",
        "uk",
        "pl",
        "cs",
        "sk",
        "sl",
        "hr",
        "sr",
        "bg",
        "fi",
        "et",
        "hu",
        "lt",
        "lv",
        "tr",
        "el",
        "ro",
        "de",
    ]
)
_ENDINGS = re.compile(r"(?:['’]?s|['’]s?)$")
_LONGEST_ENDING = 3
_TELLING = 0.999
# Names of places are common in the texts that the weights were fitted on.
_VERY_COMMON = 0.6
# Names of units and languages that a quote may write as a sign or code are compared as figures.
_SIGNS = frozenset(
    [
        "kelvin",
        "celsius",
        "fahrenheit",
        "euro",
        "euros",
        "dollar",
        "dollars",
        "cent",
        "pound",
        "pounds",
        "watt",
        "volt",
        "ampere",
        "prozent",
        "grad",
        "uhr",
    ]
)
_PREFIXES = {
    "ar": ("وال", "بال", "كال", "فال", "لل", "ال", "و", "ب", "ل", "ف", "ك"),
    "he": ("ה", "ו", "ב", "ל", "מ", "ש", "כ"),
}


def wrong_name(sentence: str, quote: str, question: str, language: str) -> str:
    """The first name of `sentence` that neither `quote` nor `question` has; "" when all are there.

    All three are in `language`.
    """
    known = _fold(f"{quote} {question}")
    if language in UNCASED:
        return next((one for one in _uncased(sentence, language) if not _holds(known, one, language)), "")
    tokens = set(_WORD.findall(known))
    return next(
        (one for one in _cased(sentence, language) if not _is_known(_fold(one), tokens, language)), ""
    )


def _cased(sentence: str, language: str) -> Iterator[str]:
    for at, match in enumerate(_CAPITALISED.finditer(sentence)):
        name = match.group()
        plain = _fold(name)
        if plain in _SIGNS or month_number(name) is not None or read_words(plain, language):
            continue
        first = at == 0 and not re.search(r"\w", sentence[: match.start()])
        if (first or (language == "de" and not name.isupper())) and _is_common(name, language):
            continue
        yield from (part for part in re.split(r"[-’']", name) if len(part) > 1)


def _is_known(name: str, tokens: set[str], language: str) -> bool:
    bare = _ENDINGS.sub("", name)
    if name in tokens or bare in tokens or f"{bare}s" in tokens:
        return True
    if language not in _INFLECTED or len(bare) < 4:
        return False
    least = max(4, len(bare) - _LONGEST_ENDING)
    if language == "de" and any(bare in one or (len(one) > 4 and one in bare) for one in tokens):
        return True  # a part of a compound
    return any(one[:least] == bare[:least] and len(one) <= len(bare) + _LONGEST_ENDING for one in tokens)


def _uncased(sentence: str, language: str) -> Iterator[str]:
    for match in _LATIN_NAME.finditer(sentence):
        yield match.group()
    for start, end in words(sentence, language):
        word = sentence[start:end]
        if word[0].isascii() or len(word) < 2 or any(one.isdigit() for one in word):
            continue
        if not _is_common(word, language) and not read_words(word, language):
            yield word


def _is_common(word: str, language: str) -> bool:
    """Whether many texts have the word, or all of its parts where a script has no spaces."""
    tokens = set(analyse(word, language))
    longer = {one for one in tokens if len(one) > 1} if language in _UNSPACED else tokens
    weights = weigh(longer)
    return bool(weights) and (
        max(weights.values()) < _VERY_COMMON if language in _UNSPACED else min(weights.values()) < _TELLING
    )


def _holds(known: str, word: str, language: str) -> bool:
    """Whether a text has a word, or its stem where particles are attached to it."""
    plain = _fold(word)
    if plain in known:
        return True
    if month_number(word) is not None:
        return True
    stems = [plain]
    for prefix in _PREFIXES.get(language, ()):
        if plain.startswith(prefix) and len(plain) - len(prefix) >= 3:
            stems.append(plain[len(prefix) :])
    if language in _UNSPACED:
        return False
    return any(stem[: max(2, len(stem) - 2)] in known for stem in stems if len(stem) > 2)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
