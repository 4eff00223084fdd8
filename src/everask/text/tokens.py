"""Index and query tokens of a text: words with light stems, bigrams of unspaced scripts.

Documents give more forms than queries need, so that a word is found whatever language the query was
taken for: the surface form is always among the tokens. Knows nothing of the index.
"""

from __future__ import annotations

import re
from functools import lru_cache

from everask.text.characters import RunKind, run_pattern, runs
from everask.text.normal import normalise, without_accents
from everask.text.segment import dictionary_words
from everask.text.stems import stem

_CLUSTER = re.compile(
    # A consonant with the vowels and tones that cannot stand without it.
    "(?:[\u0e40-\u0e44\u0ec0-\u0ec4])?[^\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd]"
    "(?:[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b6-\u17d1]"
    "|[\u17d2\u1039].)*"
)
_NUMBER_GROUPS = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+")


@lru_cache(maxsize=200_000)
def word_forms(word: str, language: str) -> tuple[str, ...]:
    """The tokens of one word of a spaced script: surface, without accents, stem."""
    surface = normalise(word)
    if not surface:
        return ()
    if surface[0].isdigit():
        joined = re.sub("[.,]", "", surface) if _NUMBER_GROUPS.fullmatch(surface) else surface
        return (surface,) if joined == surface else (surface, joined)
    plain = without_accents(surface)
    root = without_accents(stem(surface, language))
    return tuple(dict.fromkeys((surface, plain, root)))


def _bigrams(units: list[str] | str) -> list[str]:
    return [units[index] + units[index + 1] for index in range(len(units) - 1)]


def _cjk_forms(run: str, *, is_query: bool) -> list[str]:
    """Bigrams; single characters too, in documents, or where a query has nothing else."""
    characters = normalise(run)
    if is_query:
        return _bigrams(characters) if len(characters) > 1 else list(characters)
    return [*characters, *_bigrams(characters)]


def _sea_forms(run: str, language: str, *, is_query: bool) -> list[str]:
    """Dictionary words, and bigrams of character clusters for when the dictionary divides otherwise."""
    characters = normalise(run)
    clusters = _CLUSTER.findall(characters)
    words = [characters[start:end] for start, end in dictionary_words(characters, language)]
    singles = clusters if not is_query or len(clusters) == 1 else []
    return (
        list(dict.fromkeys([*words, *_bigrams(clusters), *singles]))
        if is_query
        else [*words, *(gram for gram in [*_bigrams(clusters), *singles] if gram not in words)]
    )


def _forms(text: str, kind: RunKind, language: str, *, is_query: bool) -> list[str] | tuple[str, ...]:
    if kind == "word":
        return word_forms(text, language)
    if kind == "cjk":
        return _cjk_forms(text, is_query=is_query)
    return _sea_forms(text, language, is_query=is_query)


def analyse(text: str, language: str) -> list[str]:
    """Index tokens of a document's text, in order."""
    tokens: list[str] = []
    for match in run_pattern().finditer(text):
        kind: RunKind = match.lastgroup  # type: ignore[assignment]
        tokens.extend(_forms(match.group(), kind, language, is_query=False))
    return tokens


def analyse_query(text: str, language: str) -> list[str]:
    """Query tokens, in order, each once: in the space of `analyse`, whatever the language was taken for."""
    tokens: list[str] = []
    for start, end, kind in runs(text):
        tokens.extend(_forms(text[start:end], kind, language, is_query=True))
    return list(dict.fromkeys(tokens))
