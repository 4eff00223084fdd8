"""How likely a text is, in bits, under the best of some thirty languages: tells encodings apart.

The same bytes read in two encodings are two texts; the one that costs fewer bits is the right one.
Only characters beyond ASCII are weighed by language. The table is made by dev/make_letters.py.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

_TABLE = Path(__file__).parent.parent / "weights" / "letters.json"
_UNSPACED = frozenset({"zh", "zh-tw", "ja", "ko"})
_ASCII_BITS = 4.5
_CONTROL_BITS = 15.0
_BROKEN_BITS = 25.0
_STRANGE_BITS = 20.0
_RARE_PAIR_BITS = 12.0
_RARE_HAN_BITS = 15.0
_SYMBOL_BITS = 9.0
_CASE_BITS = 5.0
_LONELY_BITS = 10.0
_NUM_COMMON = 20
_NUM_TABLES = 6
_SYMBOLS = frozenset(
    "“”‘’„‚–—…«»‹›°§©®€£¥·•№±×÷¿¡ªº²³½¼´¨µ¶†‡™\u00a0\u00ad\u200e\u200f،؛؟。、，：；？！「」『』（）《》・ー"
)
# One Han character or symbol inside a word of Latin letters: a wrong table made it of an accent.
_LONELY = re.compile(
    "(?<=[a-z])[\u3041-\ud7a3](?![\u3041-\ud7a3])|(?<![\u3041-\ud7a3])[\u3041-\ud7a3](?=[a-z])"
    "|(?<=[^\\W\\d_])[\u00a0-\u00a9\u00ab-\u00b4\u00b6\u00b8\u00b9\u00bb-\u00bf\u200e\u2020-\u2122\u2500-\u25ff](?=[^\\W\\d_])"
)
_MARKS = re.compile("[\u0300-\u0323]")
Pair = tuple[str, str]
Table = Mapping[str, Mapping[str, int]]


def cost(text: str, *, any_script: bool = False) -> float:
    """Bits of `text` in the language that suits it best; lower is likelier.

    `any_script` lets scripts through that no table covers: right for Unicode, where a script cannot
    be confused with another, wrong for the old encodings.
    """
    if _MARKS.search(text):
        # Windows-1258 writes Vietnamese accents as marks of their own; the tables know whole letters.
        text = unicodedata.normalize("NFC", text)
    singles = Counter(text)
    pairs = _pairs(text)
    bits = sum(count * _plain_bits(character) for character, count in singles.items())
    beyond = {character: count for character, count in singles.items() if character > "\x7f"}
    if not beyond:
        return bits
    best = min(
        _single_bits(beyond, table) if language in _UNSPACED else _pair_bits(pairs, beyond, table)
        for language, table in _likely_tables(beyond)
    )
    if any_script:
        best = min(best, _script_bits(text))
    return bits + best + _CASE_BITS * _num_case_breaks(text) + _LONELY_BITS * len(_LONELY.findall(text))


def _likely_tables(beyond: Mapping[str, int]) -> list[tuple[str, Table]]:
    """The few languages that know most of the commonest characters."""
    common = sorted(beyond.items(), key=lambda item: -item[1])[:_NUM_COMMON]
    lower = [(character.lower(), count) for character, count in common]
    ranked = sorted(
        _alphabets().items(),
        key=lambda item: -sum(count for character, count in lower if character in item[1]),
    )
    return [(language, _tables()[language]) for language, _ in ranked[:_NUM_TABLES]]


def _plain_bits(character: str) -> float:
    if character > "\x7f":
        return 0.0
    return (
        _CONTROL_BITS
        if (character < " " and character not in "\t\n\r\f") or character == "\x7f"
        else _ASCII_BITS
    )


def _pairs(text: str) -> Counter[Pair]:
    letters = [c if c.isalpha() or c > "\u02ff" else " " for c in text.lower()]
    return Counter(
        pair for pair in zip([" ", *letters], letters, strict=False) if pair[0] > "\x7f" or pair[1] > "\x7f"
    )


def _single_bits(beyond: Mapping[str, int], table: Table) -> float:
    known = table[""]
    return sum(
        count * (known[character] if character in known else _unknown_bits(character, is_han=True))
        for character, count in beyond.items()
    )


def _pair_bits(pairs: Mapping[Pair, int], beyond: Mapping[str, int], table: Table) -> float:
    total = 0.0
    for (before, after), count in pairs.items():
        following = table.get(before)
        if following is not None and after in following:
            total += count * following[after]
        elif after <= "\x7f":
            total += count * (_RARE_PAIR_BITS / 2)
        else:
            known = after in table and (before in table or before <= "\x7f")
            total += count * (_RARE_PAIR_BITS if known else _unknown_bits(after))
    # What is no letter stands in no pair.
    return total + sum(
        count * _unknown_bits(character)
        for character, count in beyond.items()
        if not character.isalpha() and character <= "\u02ff"
    )


def _script_bits(text: str) -> float:
    """Any script: cheap while the characters stay in one block of 128."""
    total, block = 0.0, -1
    for character in text:
        if character > "\x7f":
            code = ord(character)
            is_word = character.isalpha() or unicodedata.category(character)[0] == "M"
            if not is_word or "\u3400" <= character <= "\ud7a3":
                total += _unknown_bits(character, is_han=True)
            else:
                total += 7.0 if code >> 7 == block else 14.0
                block = code >> 7
    return total


@functools.cache
def _unknown_bits(character: str, is_han: bool = False) -> float:
    if character in _SYMBOLS:
        return _SYMBOL_BITS
    category = unicodedata.category(character)
    if character == "\ufffd" or category in ("Cn", "Cc", "Co", "Cs"):
        return _BROKEN_BITS
    if is_han and ("\u3041" <= character <= "\u30ff" or "\u4e00" <= character <= "\ud7a3"):
        return _RARE_HAN_BITS
    return _STRANGE_BITS


def _num_case_breaks(text: str) -> int:
    """A capital right after a small letter, one of them beyond ASCII: what a wrong table gives."""
    return sum(
        1
        for before, after in itertools.pairwise(text)
        if (before > "\x7f" or after > "\x7f") and after.isupper() and before.islower()
    )


@functools.cache
def _alphabets() -> Mapping[str, frozenset[str]]:
    """language -> the characters beyond ASCII that it knows."""
    return {
        language: frozenset(table[""] if language in _UNSPACED else table)
        for language, table in _tables().items()
    }


@functools.cache
def _tables() -> Mapping[str, Table]:
    """language -> letter before -> letter -> bits."""
    raw = json.loads(_TABLE.read_text(encoding="utf-8"))
    return {
        language: {
            before: {after: int(bits) for bits, letters in groups.items() for after in letters}
            for before, groups in table.items()
        }
        for language, table in raw.items()
    }
