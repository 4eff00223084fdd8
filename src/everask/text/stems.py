"""Light stems by Snowball, one stemmer a thread and language; words of other languages stay as they are."""

from __future__ import annotations

import threading

import Stemmer

_ALGORITHMS = {
    "ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "da": "danish", "nl": "dutch",
    "en": "english", "fi": "finnish", "fr": "french", "de": "german", "el": "greek", "hi": "hindi",
    "hu": "hungarian", "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian",
    "ne": "nepali", "no": "norwegian", "nb": "norwegian", "nn": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "es": "spanish", "sv": "swedish", "ta": "tamil",
    "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
_local = threading.local()


_PREFIXED = frozenset({"ar", "nl", "ga", "id", "hy"})
"""Where a stem may begin otherwise than its word, or does with some version of Snowball."""


def keeps_beginning(language: str) -> bool:
    """Whether the stem of every word of this language begins as the word does."""
    return language not in _PREFIXED


def has_stems(language: str) -> bool:
    """Whether words of this language have stems here."""
    return language in _ALGORITHMS


def stem(word: str, language: str) -> str:
    """The stem of a normalised word, or the word where its language has no stemmer."""
    algorithm = _ALGORITHMS.get(language)
    if algorithm is None:
        return word
    stemmers: dict[str, Stemmer.Stemmer] = _local.__dict__.setdefault("stemmers", {})
    stemmer = stemmers.get(algorithm)
    if stemmer is None:
        stemmer = stemmers[algorithm] = Stemmer.Stemmer(algorithm, 0)
    return str(stemmer.stemWord(word)) or word
