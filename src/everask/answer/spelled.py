"""Numbers written as words: "twenty-five", "fünfundzwanzig", "двадцать пять", "สามสิบห้า", "두".

The words come from ICU's rules (dev/make_number_words.py). "One" is no number here, for it is an article in
many languages. What cannot be composed is read part by part: then it must stand in the quote as it is.
"""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from typing import cast

from everask.text import words

_WORD = re.compile(r"[^\s\d_.,;:!?()\[\]{}\"“”«»„/|।॥۔؟،–—‐\-]+")
_JOINTS = frozenset(
    [
        "and",
        "und",
        "et",
        "y",
        "e",
        "și",
        "şi",
        "и",
        "і",
        "og",
        "och",
        "en",
        "ja",
        "na",
        "i",
        "ve",
        "και",
        "a",
        "dan",
        "va",
        "و",
    ]
)
_PREFIXED = ("و", "ו")
_LARGE = 100
# Words of another meaning that are met as often. They count only if the quote lacks the very word.
_KOREAN = {
    "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10, "스무": 20,
}  # fmt: skip
_KOREAN_DIGITS = {"일": 1, "이": 2, "삼": 3, "사": 4, "오": 5, "육": 6, "칠": 7, "팔": 8, "구": 9}
_KOREAN_TENS = {"십": 10, "백": 100, "천": 1000}
_KOREAN_SINO = re.compile(
    r"(?<![가-힣])[이삼사오육칠팔구십백천]+(?=(?:년|개월|일|명|시간|분|원|퍼센트|개|번|주|세|층|배|회)(?![구-힣]))"
)


@dataclass(frozen=True, slots=True)
class Spelled:
    """A number in words: where it stands and how much it is."""

    start: int
    end: int
    value: Decimal


def read_words(text: str, language: str) -> list[Spelled]:
    """Numbers that `text` writes as words of `language`; none for a language whose words are not known."""
    if language == "ko":
        return list(_read_korean(text))
    table = _table().get(language, {})
    if not table:
        return []
    tokens = [(a, b, _fold(text[a:b])) for a, b in _tokens(text, language)]
    found: list[Spelled] = []
    at = 0
    while at < len(tokens):
        last, value = _compose(tokens, at, table, text)
        if last == at:
            at += 1
            continue
        found.append(Spelled(tokens[at][0], tokens[last - 1][1], value))
        at = last
    return found


def _compose(
    tokens: Sequence[tuple[int, int, str]], at: int, table: Mapping[str, float], text: str
) -> tuple[int, Decimal]:
    """The end and value of the number that begins with token `at`; the same `at` where none does."""
    total, part, end = Decimal(0), None, at
    here = at
    while here < len(tokens):
        value = _value(tokens[here][2], table)
        joined = here > at and not re.fullmatch(r"[\s\-‐]*", text[tokens[here - 1][1] : tokens[here][0]])
        if value is None or joined:
            # "treinta y cinco": a joint only between two numbers.
            if end == here > at and not joined and tokens[here][2] in _JOINTS:
                here += 1
                continue
            break
        if part is None:
            part = value
        elif value >= _LARGE:
            part = max(part, Decimal(1)) * value
            if value > _LARGE:
                total, part = total + part, Decimal(0)
        elif part == 4 and value == 20:
            part = Decimal(80)  # quatre-vingts
        elif value == 10 and part < 10:
            part *= 10  # hai mươi, dua puluh
        elif part < 10 and value % 10 == 0 and tokens[here][2][0] in _PREFIXED:
            part += value  # five-and-twenty, in Arabic
        elif (part % 10 == 0 and value < 20) or (part % 100 == 0 and value < 100):
            part += value
        else:
            break
        here = end = here + 1
    return end, total + (part or Decimal(0))


def _value(word: str, table: Mapping[str, float]) -> Decimal | None:
    value = table.get(word)
    if value is None and word[:1] in _PREFIXED and len(word) > 2:
        value = table.get(word[1:])
    return None if value is None else Decimal(str(value)).normalize()


def _tokens(text: str, language: str) -> Iterator[tuple[int, int]]:
    if language == "th":
        yield from words(text, language)
        return
    for match in _WORD.finditer(text):
        yield match.span()


def _read_korean(text: str) -> Iterator[Spelled]:
    for match in _WORD.finditer(text):
        if match.group() in _KOREAN:
            yield Spelled(*match.span(), Decimal(_KOREAN[match.group()]))
    for match in _KOREAN_SINO.finditer(text):
        total = digit = 0
        for one in match.group():
            if one in _KOREAN_TENS:
                total, digit = total + max(1, digit) * _KOREAN_TENS[one], 0
            else:
                digit = _KOREAN_DIGITS[one]
        yield Spelled(*match.span(), Decimal(total + digit))


@functools.cache
def _table() -> Mapping[str, Mapping[str, float]]:
    file = resources.files("everask.answer") / "number_words.json"
    return cast(Mapping[str, Mapping[str, float]], json.loads(file.read_text("utf-8")))


def _fold(word: str) -> str:
    return unicodedata.normalize("NFKC", word.replace("ʼ", "’")).casefold()
