"""Does a question ask for a number or a date? A small table of words, in the languages we measured.

The cue only moves sentences with figures up; a language that is not here loses nothing else.
"""

from __future__ import annotations

import re

_NUMBER_WORDS = (
    # en, de, fr, es, it, pt, nl, ro
    r"how (?:many|much|long|old|far|often|large|big|tall|high)|when|which year"
    r"|what (?:year|date|percentage|time|day)"
    r"|wie ?viele?n?|wann|wie (?:lange?|oft|hoch|gro(?:ß|ss)|alt|weit)|welche[mns]? jahr"
    r"|combien|quand|quelle (?:année|date)|en quelle année"
    r"|cuánt[oa]s?|cuándo|qué (?:año|porcentaje|fecha)|quant[oiae]s?|quando|che anno|que ano"
    r"|hoeveel|wanneer|welk jaar|cât[eăi]?|câți|când|ce an"
    # ru, uk, pl, cs, el, tr, vi, id
    r"|сколько|когда|каком году|скільки|коли|ile|kiedy|kolik|kdy|πόσ(?:α|ες|οι|ο|ους|ων)|πότε|ποιο έτος"
    r"|kaç|ne zaman|hangi yıl|bao nhiêu|khi nào|năm nào|berapa|kapan"
    # ar, fa, he, hi
    r"|كم|متى|أي عام|چند|کی|چه سالی|כמה|מתי|कितन[ेाी]|कब|किस वर्ष"
    # th, zh, ja, ko
    r"|กี่|เท่าไร|เท่าไหร่|เมื่อไร|เมื่อไหร่|เมื่อใด|ปีใด|ปีไหน"
    r"|多少|几|幾|何时|何時|哪一?年|哪天|多久|多大|多高|多长|什么时候|何年|いつ|いくつ|いくら|何[人個回月日歳年倍割本台名位件]|どれくらい"
    r"|얼마|언제|몇"
)
_NUMBER_CUE = re.compile(_NUMBER_WORDS, re.IGNORECASE)
_DIGITS = re.compile(r"\d+|[一二三四五六七八九十百千万亿萬億兩两]{2,}")
_NAMES = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЁ]\w+|[《「『]([^》」』]{1,30})")


def asks_number(question: str) -> bool:
    """Whether the question's words ask for a number, a quantity or a date."""
    return _NUMBER_CUE.search(question) is not None


def figures(text: str) -> set[str]:
    """The runs of digits (of any script) and of Chinese numerals."""
    return set(_DIGITS.findall(text))


def names(text: str) -> set[str]:
    """Capitalised words inside sentences, and titles in CJK brackets."""
    return {match.group().casefold() for match in _NAMES.finditer(text)}
