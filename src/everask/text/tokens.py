"""Index and query tokens of a text: words with light stems, n-grams of unspaced scripts.

A document gives every form that a query may ask for: the word, the word without accents, its stem; single
characters and bigrams of Chinese, Japanese and Korean; dictionary words and bigrams of syllables of Thai,
Lao, Khmer and Burmese. A query gives one form a word, so that no word counts twice in the score; only a
very short query, whose language is a guess, gives the surface form too. Knows nothing of the index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from everask.text.characters import RunKind, runs
from everask.text.normal import normalise, without_accents
from everask.text.segment import dictionary_words
from everask.text.stems import stem

ANALYSIS = 2
"""The version of `analyse`: stores that were made with another are analysed anew. Raise it with any change
of what a text's tokens are, here or in the modules that this one uses."""

_NUM_SHORT = 3
_LONGEST = 64
_LONGEST_PAIR = 24
_HYPHENS = "-\u2010\u2011"
_ABOVE_BELOW = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd"
_CLUSTER = re.compile(
    # What no word divides: a consonant, the vowels and tones on it, and consonants stacked under it.
    f"[\u0e40-\u0e44\u0ec0-\u0ec4]?[^{_ABOVE_BELOW}](?:[{_ABOVE_BELOW}\u102b-\u103e\u17b6-\u17d1]|[\u17d2\u1039].)*"
)
_GROUPED = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+")
_PARTS = re.compile(r"[0-9]+|[^0-9.,]+")
# Vietnamese tones tell words apart: folding them cost 0.02 nDCG@10.
_TONAL = frozenset({"vi"})
_UNSURE = "und"
GUESSES = ("en", "de", "fr", "es", "ru")


def _number_forms(number: str) -> tuple[str, ...]:
    """Something with digits: as written, without the separators of its thousands, and its parts."""
    parts = _PARTS.findall(number)
    if len(parts) == 1:
        return (number,)
    joined = number.replace(".", "").replace(",", "") if _GROUPED.fullmatch(number) else number
    return tuple(dict.fromkeys((number, joined, *parts)))


def _chunks(word: str) -> tuple[str, ...]:
    """Encoded data and the like: no token may be longer than a word can be."""
    return tuple(word[start : start + _LONGEST] for start in range(0, len(word), _LONGEST))


def _has_digit(word: str) -> bool:
    return not word.isalpha() and any("0" <= character <= "9" for character in word)


def word_forms(word: str, language: str) -> tuple[str, ...]:
    """Index tokens of one word of a spaced script: surface, without accents, stem; each once."""
    return _chunks(normalise(word)) if len(word) > _LONGEST else _known_forms(word, language)


@lru_cache(maxsize=200_000)
def _known_forms(word: str, language: str) -> tuple[str, ...]:
    surface = normalise(word)
    if not surface:
        return ()
    if _has_digit(surface):
        return _number_forms(surface)
    root = without_accents(stem(surface, language))
    return tuple(dict.fromkeys((surface, without_accents(surface), root)))


def _asked_forms(word: str, language: str, guesses: Sequence[str], *, is_short: bool) -> tuple[str, ...]:
    """Query tokens of one word: the stem, or what is in the index whatever language it is in."""
    surface = normalise(word)
    if not surface or len(word) > _LONGEST:
        return _chunks(surface)
    if _has_digit(surface):
        return _number_forms(surface) if is_short else _number_forms(surface)[:2]
    if language in _TONAL:
        return (surface,)
    if not is_short:
        return (without_accents(stem(surface, language)),)
    tried = guesses if language == _UNSURE else (language,)
    return (without_accents(surface), *(without_accents(stem(surface, one)) for one in tried))


def _bigrams(units: list[str] | str) -> list[str]:
    return [units[index] + units[index + 1] for index in range(len(units) - 1)]


def _cjk_forms(run: str) -> list[str]:
    characters = normalise(run)
    return [*characters, *_bigrams(characters)]


def _asked_cjk_forms(run: str, language: str) -> list[str]:
    """Bigrams, and the characters that are words by themselves."""
    characters = normalise(run)
    if len(characters) < 2:
        return list(characters)
    singles = (characters[a:b] for a, b in dictionary_words(characters, language) if b - a == 1)
    return [*_bigrams(characters), *singles]


def cluster_spans(run: str) -> list[tuple[int, int]]:
    """Spans of the clusters of a normalised run of Thai, Lao, Khmer or Burmese."""
    return [match.span() for match in _CLUSTER.finditer(run)]


def _sea_parts(run: str, language: str) -> tuple[list[str], list[str]]:
    """A run's dictionary words and its clusters."""
    characters = normalise(run)
    words = [characters[start:end] for start, end in dictionary_words(characters, language)]
    return words, _CLUSTER.findall(characters)


def _sea_forms(run: str, language: str) -> list[str]:
    words, clusters = _sea_parts(run, language)
    return [*words, *_bigrams(clusters), *clusters]


def _asked_sea_forms(run: str, language: str) -> list[str]:
    """Dictionary words, and bigrams of clusters for where the dictionary divides the document otherwise."""
    words, clusters = _sea_parts(run, language)
    return [*words, *(_bigrams(clusters) if len(clusters) > 1 else clusters)]


def _hyphenated(text: str, found: list[tuple[int, int, RunKind]]) -> Iterator[str]:
    """Pairs of words with a hyphen between, as one word: `e-mail` is also written `email`."""
    for left, right in pairwise(found):
        if right[0] == left[1] + 1 and text[left[1]] in _HYPHENS and left[2] == right[2] == "word":
            pair = text[left[0] : left[1]] + text[right[0] : right[1]]
            if len(pair) <= _LONGEST_PAIR and pair.isalpha():
                yield pair


def analyse(text: str, language: str) -> list[str]:
    """Index tokens of a document's text, in order; those of hyphenated words written as one come last."""
    tokens: list[str] = []
    found = runs(text)
    for start, end, kind in found:
        run = text[start:end]
        if kind == "word":
            tokens.extend(word_forms(run, language))
        elif kind == "cjk":
            tokens.extend(_cjk_forms(run))
        else:
            tokens.extend(_sea_forms(run, language))
    for pair in _hyphenated(text, found):
        tokens.extend(word_forms(pair, language))
    return tokens


def exact_tokens(run: str, kind: RunKind) -> list[str]:
    """Tokens, right after one another, that `analyse` gives for every text that holds this run."""
    surface = normalise(run)
    if kind == "word":
        if len(run) > _LONGEST or _has_digit(surface):
            return list(_chunks(surface))
        return [without_accents(surface)] if surface else []
    units = list(surface) if kind == "cjk" else _CLUSTER.findall(surface)
    return _bigrams(units) if len(units) > 1 else units


def _asked(
    run: str, kind: RunKind, language: str, guesses: Sequence[str], *, is_short: bool
) -> tuple[str, ...] | list[str]:
    if kind == "word":
        return _asked_forms(run, language, guesses, is_short=is_short)
    return _asked_cjk_forms(run, language) if kind == "cjk" else _asked_sea_forms(run, language)


def analyse_query(text: str, language: str, guesses: Sequence[str] = GUESSES) -> list[str]:
    """Query tokens, in order, each once: in the space of `analyse`, whatever the language was taken for.

    `guesses` are languages whose stems are asked for where the text is too short to tell its own.
    """
    found = runs(text)
    is_short = len(found) <= _NUM_SHORT
    tokens: list[str] = []
    for start, end, kind in found:
        tokens.extend(_asked(text[start:end], kind, language, guesses, is_short=is_short))
    if is_short:
        for pair in _hyphenated(text, found):
            tokens.extend(_asked_forms(pair, language, guesses, is_short=True))
    return list(dict.fromkeys(tokens))
