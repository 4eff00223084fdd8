"""Figures in digits and Chinese numerals, in any script: "1,234.5", "1.234,5", "١٢٣٤٫٥", "12万", "½", "10²".

Where a text is ambiguous ("1,234" may be a decimal), the language decides; where that is not known, each
reading counts. Times, versions and names such as "B12" are kept as they are written.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from importlib import resources

from everask.answer.separators import COMMA_GROUPS, POINT_GROUPS

Reading = Decimal | str
Readings = frozenset[Reading]

_TOKEN = re.compile(
    r"(?P<unit>(?<![^\W\d_])[kcmd]?m[23]\b)"
    r"|(?P<name>(?<![^\W_])[A-Za-zÀ-ɏͰ-ϿЀ-ӿ]+\d[\w]*)"
    r"|(?P<power>\d+\^-?\d+)"
    r"|(?P<clock>\d+(?::\d+)+)"
    r"|(?P<fraction>\d+/\d+)"
    r"|(?P<number>\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+(?!\d)(?:[.,٫]\d+)?|\d+(?:[.,٫٬]\d+)*)"
)
_CJK_NUMBER = re.compile(r"[〇零一二两兩三四五六七八九十百千万萬亿億]+")
_CJK_DIGITS = {one: at for at, one in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_CJK_TENS = {"十": 10, "百": 100, "千": 1000}
_CJK_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
# What a single Chinese numeral counts; without it the numeral may be part of a word or name.
_COUNTED = (
    "年月日天周週个個人次小時时分秒岁歳元块円米公厘毫斤克吨升度倍名只隻台辆輛部本册"
    "冊页頁回階层層级級届世代号號点點种種条條项項家所座份件%割枚匹頭杯番つか箇星期成"
)
_TABLE = json.loads((resources.files("everask.answer") / "multipliers.json").read_text("utf-8"))
_MULTIPLIERS: Mapping[str, int] = {**_CJK_MYRIADS, **_TABLE}
_MULTIPLIER_HEADS = frozenset(one[:3] for one in _MULTIPLIERS)
# Long scale: "Billion" is a million millions.
_LONG_SCALE = ("de", "fr", "es", "nl", "pl", "da", "sv", "no")
_AFTER = re.compile(r"[\s\u00a0]?([^\W\d_]+)")
_SIGN = re.compile(
    r"(?:(?:^|[\s(一-龯ぁ-ヿ가-힣])[-−–]|(?:minus|moins|menos|meno|минус|мінус|eksi|âm|マイナス|零下"
    r"|负|負|영하|ติดลบ|ลบ|ऋण|سالب|ناقص|ناقصا|تحت الصفر)\s?)$",
    re.IGNORECASE,
)  # fmt: skip
_LONGEST_SIGN = 12
_RANGE_BEFORE = re.compile(r"[\d%°CFK]\s*[-−–]$")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


@dataclass(frozen=True, slots=True)
class Number:
    """A number's place in a plain text, and its readings. `end` is behind "million" and the like."""

    start: int
    end: int
    readings: Readings
    factor: int = 1


def plain(text: str) -> str:
    """The text as figures are read: NFKC, digits 0-9, "½" as 0.5, "10²" as 10^2."""
    text = re.sub(r"(?<=\d)[⁰¹²³⁴-⁹⁻]+", lambda one: "^" + one.group().translate(_SUPERSCRIPTS), text)
    text = re.sub(r"(\d*)\s?([¼½¾⅓⅔⅛⅜⅝⅞])", _mixed, text)
    text = unicodedata.normalize("NFKC", text)
    return "".join(
        str(unicodedata.digit(one)) if one.isdigit() and not one.isascii() else one for one in text
    )


def read_numbers(text: str, language: str, *, tolerant: bool = False) -> Iterator[Number]:
    """The numbers of a plain text.

    `tolerant` also takes single Chinese numerals that may be part of a word: for the quote, where more is
    safer; never for the sentence that is checked.
    """
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "unit":
            yield from _number(match, text, language)
    for match in _CJK_NUMBER.finditer(text):
        figure, start = match.group(), match.start()
        after = text[match.end() : match.end() + 1]
        if start > 0 and text[start - 1].isdigit():
            continue
        if len(figure) < 2 and not tolerant and (figure == "一" or after not in _COUNTED or not after):
            continue
        yield Number(start, match.end(), frozenset(_read_cjk(figure)))


def _number(match: re.Match[str], text: str, language: str) -> Iterator[Number]:
    written, (start, end) = match.group(), match.span()
    if match.lastgroup == "name":
        yield Number(start, end, frozenset({written.casefold()}))
    elif match.lastgroup == "power":
        base, _, exponent = written.partition("^")
        yield Number(start, end, frozenset({f"{int(base)}^{int(exponent)}"}))
    elif match.lastgroup == "clock":
        yield Number(start, end, frozenset({":".join(str(int(one)) for one in written.split(":"))}))
    elif match.lastgroup == "fraction":
        above, below = (int(one) for one in written.split("/"))
        shares = {Decimal(above) / below} if below and above < below <= 100 else set()
        yield Number(start, end, frozenset[Reading]({f"{above}/{below}"} | shares))
    else:
        readings = {one for one in _read(written, language) if one is not None}
        factor, end = _factor(text, end, language)
        head = text[max(0, start - _LONGEST_SIGN) : start]
        sign = -1 if _SIGN.search(head) and not _RANGE_BEFORE.search(head) else 1
        yield Number(
            start,
            end,
            frozenset(one if isinstance(one, str) else one * factor * sign for one in readings),
            factor,
        )


def _read(figure: str, language: str) -> Iterator[Reading | None]:
    written = re.sub(r"[ \u00a0\u202f'’]", "", figure).replace("٫", ".").replace("٬", ",")
    groups = re.split(r"[.,]", written)
    signs = re.findall(r"[.,]", written)
    if not signs:
        yield _decimal(written)
        return
    grouped = all(len(one) == 3 for one in groups[1:]) and len(groups[0]) <= 3 and groups[0] != "0"
    if len(signs) == 1:
        if grouped and language not in (COMMA_GROUPS if signs[0] == "." else POINT_GROUPS):
            yield _decimal("".join(groups))
        if not grouped or language not in (POINT_GROUPS if signs[0] == "." else COMMA_GROUPS):
            yield _decimal(".".join(groups))
    elif len(set(signs)) == 1:
        # "1.234.567"; else a version or the like, which is no number.
        indian = signs[0] == "," and len(groups[-1]) == 3 and all(len(one) in (2, 3) for one in groups[1:])
        yield _decimal("".join(groups)) if grouped or indian else ".".join(str(int(one)) for one in groups)
    elif signs[-1] not in signs[:-1]:
        yield _decimal("".join(groups[:-1]) + "." + groups[-1])


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text).normalize()
    except InvalidOperation:
        return None


def _factor(text: str, end: int, language: str) -> tuple[int, int]:
    """What "million" and the like behind a number multiply it by, and where that ends."""
    match = _AFTER.match(text, end)
    if match is None:
        return 1, end
    word = match.group(1).casefold()
    if word[0] in _CJK_MYRIADS or word[0] in "千만억천조":
        return _MULTIPLIERS[word[0]], match.start(1) + 1
    if word in _MULTIPLIERS and word != "billion":
        return _MULTIPLIERS[word], match.end()
    for known, value in _MULTIPLIERS.items() if word[:3] in _MULTIPLIER_HEADS else ():
        # Inflected forms: Millionen, миллионов.
        if len(known) >= 3 and not known.isascii() and word.startswith(known):
            return value, match.end()
        if len(known) >= 5 and word.startswith(known):
            long = known == "billion" and language in _LONG_SCALE
            return value * (1000 if long else 1), match.end()
    return 1, end


def _read_cjk(figure: str) -> Iterator[Decimal]:
    if all(one in _CJK_DIGITS for one in figure):
        yield Decimal("".join(str(_CJK_DIGITS[one]) for one in figure))
        return
    total, section, digit = 0, 0, None
    for one in figure:
        if one in _CJK_DIGITS:
            digit = _CJK_DIGITS[one]
        elif one in _CJK_TENS:
            section += (1 if digit is None else digit) * _CJK_TENS[one]
            digit = None
        else:
            total = (total + section + (digit or 0)) * _CJK_MYRIADS[one] or _CJK_MYRIADS[one]
            section, digit = 0, None
    yield Decimal(total + section + (digit or 0)).normalize()


def _mixed(match: re.Match[str]) -> str:
    """ "2½" as 2.5."""
    share = Decimal(str(round(unicodedata.numeric(match[2]), 3)))
    return f"{Decimal(match[1] or 0) + share} "
