"""Spreadsheet numbers as their cells show them: dates as ISO, percent, thousands, currency.

Codes that are not simple (fractions, scientific, conditions) give the plain number.
"""

from __future__ import annotations

import datetime
import functools
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_BUILTIN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 37: "#,##0", 38: "#,##0",
    39: "#,##0.00", 40: "#,##0.00", 14: "yyyy-mm-dd", 15: "yyyy-mm-dd", 16: "yyyy-mm-dd", 17: "yyyy-mm",
    18: "hh:mm", 19: "hh:mm:ss", 20: "hh:mm", 21: "hh:mm:ss", 22: "yyyy-mm-dd hh:mm", 45: "mm:ss",
    46: "[h]:mm:ss", 47: "mm:ss",
}  # fmt: skip
# Built-in codes of East Asian and Thai versions, all dates or times.
_BUILTIN_DATES = (*range(27, 32), 36, *range(50, 59))
_BUILTIN_TIMES = (32, 33, 34, 35)
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|_.|\*.')
_CURRENCY = re.compile(r"\[\$([^\]-]*)(?:-[^\]]*)?\]")
_BRACKETS = re.compile(r"\[[^\]]*\]")
_CORE = re.compile(r"[#0?][#0?,]*(?:\.[#0?]*)?,*|\.[#0?]+")
_SECTION = re.compile(r'((?:"[^"]*"|\\.|[^;"\\])*)(?:;|$)')
_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class _Format:
    """A number code taken apart. `date` and `time` say which parts of a moment it shows."""

    simple: bool = False
    date: bool = False
    time: bool = False
    elapsed: bool = False
    prefix: str = ""
    suffix: str = ""
    decimals: int = 0
    optional: int = 0
    zeros: int = 0
    thousands: bool = False
    scale: int = 0


def builtin_code(number: int) -> str:
    """The code of a built-in format, as ISO where it is a date."""
    if number in _BUILTIN_DATES:
        return "yyyy-mm-dd"
    return "hh:mm:ss" if number in _BUILTIN_TIMES else _BUILTIN.get(number, "")


def show_number(value: float, code: str, *, from_1904: bool = False) -> str:
    """A cell's number as text, by its format code."""
    sections = _sections(code)
    index = 1 if value < 0 and len(sections) > 1 and sections[1] else 0
    shape = _take_apart(sections[index])
    if shape.date or shape.time:
        return _moment(value, shape, from_1904) or plain_number(value)
    if not shape.simple:
        return plain_number(value)
    return _show(abs(value) if index == 1 else value, shape)


def plain_number(value: float) -> str:
    """A number without format: no exponent for sizes that people write out, 15 digits at most."""
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    text = format(value, ".15g")
    return format(Decimal(text), "f") if "e" in text and 1e-7 < abs(value) < 1e20 else text


@functools.lru_cache(maxsize=512)
def _sections(code: str) -> tuple[str, ...]:
    """The parts for positive, negative, zero and text; a semicolon in quotes parts nothing."""
    return tuple(_SECTION.findall(code)) if ";" in code else (code,)


@functools.lru_cache(maxsize=512)
def _take_apart(code: str) -> _Format:
    if not code or code.lower() == "general" or "@" in code:
        return _Format()
    elapsed = bool(re.search(r"\[(?:h+|m+|s+)\]", code, re.IGNORECASE))
    symbols = _CURRENCY.sub(lambda found: '"' + found.group(1) + '"', code)
    letters = _LITERAL.sub("", _BRACKETS.sub("", symbols)).lower()
    if elapsed or re.search(r"[ymdhs]|am/pm|a/p|g{1,3}e|b{2,4}|[年月日]", letters):
        date = bool(re.search(r"[yd年月日]", letters)) or ("m" in letters and not re.search(r"[hs]", letters))
        return _Format(date=date, time=elapsed or bool(re.search(r"[hs]", letters)), elapsed=elapsed)
    if "e+" in letters or "e-" in letters or "/" in letters:
        return _Format()
    body = _BRACKETS.sub("", symbols)
    # Literals are hidden while the digits are looked for, then put back.
    kept: list[str] = []

    def hide(found: re.Match[str]) -> str:
        kept.append(found.group(1) if found.group(1) is not None else (found.group(2) or ""))
        return chr(0xE000 + len(kept) - 1)

    body = _LITERAL.sub(hide, body)
    core = _CORE.search(body)
    if core is None or _CORE.search(body, core.end()):
        return _Format()

    def show(text: str) -> str:
        return "".join(kept[ord(c) - 0xE000] if 0 <= ord(c) - 0xE000 < len(kept) else c for c in text)

    digits = core.group()
    scale = len(digits) - len(digits.rstrip(","))
    whole, _, fraction = digits.rstrip(",").partition(".")
    return _Format(
        simple=True,
        prefix=show(body[: core.start()].strip(" ")) if core.start() else "",
        suffix=show(body[core.end() :].rstrip(" ")),
        decimals=len(fraction),
        optional=len(fraction) - len(fraction.rstrip("#?")),
        zeros=whole.count("0"),
        thousands="," in whole,
        scale=scale,
    )


def _show(value: float, shape: _Format) -> str:
    percent = "%" in shape.suffix or "%" in shape.prefix
    try:
        number = Decimal(repr(value)) * (100 if percent else 1) / (Decimal(1000) ** shape.scale)
        rounded = number.quantize(Decimal(1).scaleb(-shape.decimals), rounding=ROUND_HALF_UP)
    except InvalidOperation:
        return plain_number(value)
    text = format(abs(rounded), ",f" if shape.thousands else "f")
    whole, _, fraction = text.partition(".")
    if shape.optional and fraction:
        least = shape.decimals - shape.optional
        fraction = fraction[:least] + fraction[least:].rstrip("0")
    whole = whole.rjust(shape.zeros, "0") if not shape.thousands else whole
    sign = "-" if rounded < 0 else ""
    return sign + shape.prefix + whole + ("." + fraction if fraction else "") + shape.suffix


def _moment(value: float, shape: _Format, from_1904: bool) -> str:
    if shape.elapsed:
        seconds = round(abs(value) * _SECONDS_PER_DAY)
        sign = "-" if value < 0 else ""
        return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if not 0 <= value < 2_958_466:
        return ""
    # Day 60 of the 1900 system is the 29th of February 1900, which never was.
    start = datetime.datetime(1904, 1, 1) if from_1904 else datetime.datetime(1899, 12, 30 + (value < 60))
    moment = start + datetime.timedelta(seconds=round(value * _SECONDS_PER_DAY))
    clock = moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
    if not shape.date:
        return clock
    day = moment.date().isoformat()
    return f"{day} {clock}" if shape.time and (moment.hour or moment.minute or moment.second) else day
