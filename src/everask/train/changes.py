"""Small changes of a sentence that change what it says: another figure or name, its opposite, its negation.

Words of 25 languages are in wording.json; figures and names are changed in any language, into others of the
same document. Knows nothing of evidence.
"""

from __future__ import annotations

import functools
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from everask.encoder.pairs import Place

UNSPACED = ("zh", "ja", "th", "km", "my", "lo")
_NUMBER = re.compile(r"\d(?:[\d.,٫٬]*\d)?")
_NAME = re.compile(r"[A-ZÀ-ÖØ-ÞΑ-ΩΆ-ΏА-ЯЁІЇЄҐ][\w’'-]+(?: [A-ZÀ-ÖØ-ÞΑ-ΩΆ-ΏА-ЯЁІЇЄҐ][\w’'-]+){0,2}")
_LATIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]+(?: [A-Z][A-Za-z0-9]+){0,2}")
_MIN_TERM, _MAX_TERM = 2, 60


@dataclass(frozen=True, slots=True)
class Edit:
    """A sentence after a change. `new` stands at `place` in it where `old` stood before."""

    text: str
    old: str
    new: str
    place: Place
    kind: str

    def applied(self, text: str) -> str | None:
        """The same change made in another text; None where `old` is not in it."""
        return text.replace(self.old, self.new) if self.old in text else None


Change = Callable[[str, str, Sequence[str], Sequence[str], random.Random], Edit | None]


@functools.cache
def wording() -> Mapping[str, Any]:
    """Words by language: "and", "asks" (a pattern of question words), "negations" and "opposites" (pairs)."""
    table: Mapping[str, Any] = json.loads((resources.files(__package__) / "wording.json").read_text("utf-8"))
    return table


def change(
    sentence: str, language: str, around: Sequence[str], terms: Sequence[str], draw: random.Random
) -> Edit | None:
    """One change of a kind that is drawn; None where none fits.

    `around` are texts of the same document (what the reader of the sentence sees first), `terms` things that
    are spoken of in it, which may stand for each other.
    """
    kinds: list[Change] = [_number, _name, _term, _term, _opposite, _opposite, _negation]
    draw.shuffle(kinds)
    for kind in kinds:
        edit = kind(sentence, language, around, terms, draw)
        if edit is not None and edit.text.casefold() != sentence.casefold():
            return edit
    return None


def _replaced(sentence: str, at: Place, new: str, kind: str) -> Edit:
    text = sentence[: at[0]] + new + sentence[at[1] :]
    return Edit(text, sentence[at[0] : at[1]], new, (at[0], at[0] + len(new)), kind)


def _number(
    sentence: str, _language: str, around: Sequence[str], _terms: Sequence[str], draw: random.Random
) -> Edit | None:
    found = list(_NUMBER.finditer(sentence))
    if not found:
        return None
    match = draw.choice(found)
    others = {
        one.group()
        for text in around
        for one in _NUMBER.finditer(text)
        if one.group() != match.group() and abs(len(one.group()) - len(match.group())) <= 1
    }
    alike = sorted(one for one in others if one not in sentence)
    new = draw.choice(alike) if alike and draw.random() < 0.6 else _other_digits(match.group(), draw)
    return _replaced(sentence, match.span(), new, "figure") if new != match.group() else None


def _other_digits(number: str, draw: random.Random) -> str:
    places = [at for at, character in enumerate(number) if character.isdigit()]
    at = draw.choice(places)
    value = int(number[at])
    zero = chr(ord(number[at]) - value)
    other = draw.choice([digit for digit in range(at == 0 and len(places) > 1, 10) if digit != value])
    return number[:at] + chr(ord(zero) + other) + number[at + 1 :]


def _name(
    sentence: str, language: str, around: Sequence[str], _terms: Sequence[str], draw: random.Random
) -> Edit | None:
    cased = re.search(r"[a-zà-ÿα-ωа-я]{3}", sentence) and language not in UNSPACED
    pattern = _NAME if cased else _LATIN_NAME
    own = [one for one in pattern.finditer(sentence) if one.start() > 0 or not cased]
    if not own:
        return None
    match = draw.choice(own)
    others = _names_in(pattern, around, bool(cased)) - {match.group()}
    others = {one for one in others if one not in match.group() and match.group() not in one}
    return _replaced(sentence, match.span(), draw.choice(sorted(others)), "name") if others else None


def _names_in(pattern: re.Pattern[str], texts: Sequence[str], cased: bool) -> set[str]:
    return {one.group() for text in texts for one in pattern.finditer(text) if one.start() > 0 or not cased}


def _term(
    sentence: str, _language: str, around: Sequence[str], terms: Sequence[str], draw: random.Random
) -> Edit | None:
    own = [one for one in terms if _MIN_TERM <= len(one) <= _MAX_TERM and sentence.count(one) == 1]
    if not own:
        return None
    old = draw.choice(own)
    fits = [
        one
        for one in terms
        if one != old
        and _MIN_TERM <= len(one) <= _MAX_TERM
        and one not in old
        and old not in one
        and has_digit(one) == has_digit(old)
        and 0.3 < len(one) / len(old) < 3.3
    ]
    near = [one for one in fits if any(one in text for text in around[:1]) and one not in sentence]
    fits = near if near and draw.random() < 0.5 else fits
    if not fits:
        return None
    at = sentence.index(old)
    return _replaced(sentence, (at, at + len(old)), draw.choice(fits), "term")


def has_digit(text: str) -> bool:
    """Whether a figure is in it."""
    return any(character.isdigit() for character in text)


def _opposite(
    sentence: str, language: str, _around: Sequence[str], _terms: Sequence[str], draw: random.Random
) -> Edit | None:
    return _from_pairs(sentence, language, "opposites", draw)


def _negation(
    sentence: str, language: str, _around: Sequence[str], _terms: Sequence[str], draw: random.Random
) -> Edit | None:
    return _from_pairs(sentence, language, "negations", draw)


def _from_pairs(sentence: str, language: str, kind: str, draw: random.Random) -> Edit | None:
    pairs = wording().get(language, {}).get(kind, ())
    found: list[tuple[Place, str]] = []
    for one, other in pairs:
        # The longer first: "is not" is no "is" to be negated again.
        for old, new in sorted([(one, other), (other, one)], key=lambda pair: -len(pair[0])):
            match = _pattern(old, language).search(sentence)
            if match:
                found.append((match.span(), new))
                break
    if not found:
        return None
    place, new = draw.choice(found)
    old = sentence[place[0] : place[1]]
    if old[:1].isupper():
        new = new[:1].upper() + new[1:]
    return _replaced(sentence, place, new, "opposite" if kind == "opposites" else "negation")


@functools.lru_cache(maxsize=4096)
def _pattern(words: str, language: str) -> re.Pattern[str]:
    spaced = language not in (*UNSPACED, "ko")
    escaped = re.escape(words)
    return re.compile(rf"(?<!\w){escaped}(?!\w)" if spaced else escaped, re.IGNORECASE if spaced else 0)
