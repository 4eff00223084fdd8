"""The words that ask for a count, a sum and so on of a table's figures, in some twenty languages.

The patterns (operations.json) are matched against NFKC, case-folded text. A word that also means something
else ("most", "total") is harmless: the table must explain every other word of the question as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

Operation = Literal["count", "distinct", "sum", "average", "min", "max", "difference", "change"]
Sign = Literal["=", ">", ">=", "<", "<="]

_OPERATIONS: tuple[Operation, ...] = (
    "distinct", "count", "average", "difference", "change", "max", "min", "sum",
)  # fmt: skip
_SIGNS: tuple[Sign, ...] = (">=", "<=", ">", "<")
# Bounded, and from a figure's beginning only: a question of thousands of digits is read once, not squared.
_FIGURE = r"(?<!\d)(?P<figure>\d{1,30}(?:[.,٫'’ \u00a0\u202f]\d{1,30}){0,9})(?!\d)"
_COUNTED = r"\s?(?:人|名|個|个|年|円|元|명|개|원|년)?(?:을|를|が|を|の)?"
_LEAD = r"(?:the year |dem jahr |l['’]an |el año |o ano |год\w* |năm |ปี |[$€£¥]\s?)?"
_LETTERS = "a-zà-ɏͰ-Ͽа-яёіїєґ"
_SMALL = (
    "two three four five six seven eight nine ten",
    "zwei drei vier fünf sechs sieben acht neun zehn",
    "deux trois quatre cinq six sept huit neuf dix",
    "dos tres cuatro cinco seis siete ocho nueve diez",
    "due tre quattro cinque sei sette otto nove dieci",
    "два три четыре пять шесть семь восемь девять десять",
)


@dataclass(frozen=True, slots=True)
class Compared:
    """What a question compares with a figure: where it says so, and the figure as written."""

    start: int
    end: int
    sign: Sign
    figure: str
    scale: str


def find_operations(folded: str) -> list[tuple[int, int, Operation]]:
    """The words of a question that ask for an operation, with their spans; the longest at each place."""
    found = [
        (match.start(), match.end(), name)
        for name in _OPERATIONS
        for match in _operation(name).finditer(folded)
        if match.group()
    ]
    found.sort(key=lambda one: (one[0], one[0] - one[1]))
    kept: list[tuple[int, int, Operation]] = []
    for one in found:
        if not kept or one[0] >= kept[-1][1]:
            kept.append(one)
    return kept


def find_comparisons(folded: str) -> list[Compared]:
    """Every figure that is compared with something, in order."""
    found: list[Compared] = []
    for sign, pattern in _comparisons():
        for match in pattern.finditer(folded):
            start, end = match.span()
            if not any(one.start < end and start < one.end for one in found):
                scale = match.groupdict().get("scale") or ""
                found.append(Compared(start, end, sign, match["figure"], scale))
    return sorted(found, key=lambda one: one.start)


def find_groups(folded: str) -> tuple[int, int] | None:
    """The span of what the figures shall be grouped by: "per country"."""
    match = _pattern("groups").search(folded)
    return match.span() if match else None


def find_top(folded: str) -> tuple[int, int, int] | None:
    """How many of the largest (or smallest) are asked for, with the span of the words that say so."""
    match = _pattern("top").search(folded)
    if match is None:
        return None
    figure = match["n"] or match["n2"]
    number = int(figure) if figure.isdigit() else _small().get(figure, 1)
    return (*match.span(), number) if number else None


def find_range(folded: str) -> tuple[int, int, int, int] | None:
    """Two years with all between them: the span, the first year and the last."""
    for pattern in _patterns()["ranges"]:
        if match := re.search(pattern, folded):
            first, last = sorted(int(year) for year in match.groups() if year)
            return (*match.span(), first, last)
    return None


def is_total(label: str) -> bool:
    """Whether a row's name says that it adds up other rows."""
    return bool(_pattern("totals").fullmatch(label.casefold().strip(" :")))


@cache
def _small() -> dict[str, int]:
    return {name: value for line in _SMALL for value, name in enumerate(line.split(), 2)}


@cache
def _patterns() -> dict[str, Any]:
    file = resources.files("everask.answer.whole") / "operations.json"
    patterns: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return patterns


@cache
def _pattern(part: str) -> re.Pattern[str]:
    return re.compile("|".join(_patterns()[part]))


@cache
def _operation(name: Operation) -> re.Pattern[str]:
    return re.compile(_bounded(_patterns()["operations"][name]))


@cache
def _comparisons() -> list[tuple[Sign, re.Pattern[str]]]:
    after, before = _patterns()["after"], _patterns()["before"]
    scale = rf"(?:\s?(?:de )?(?P<scale>{'|'.join(_patterns()['scales'])}))?"
    found = [
        (sign, re.compile(rf"{_FIGURE}{scale}{_COUNTED}\s?(?:{_joined(after[sign])})")) for sign in _SIGNS
    ]
    for sign in _SIGNS:
        found.append((sign, re.compile(rf"(?:{_bounded(before[sign])})\s*{_LEAD}{_FIGURE}{scale}")))
    return found


def _bounded(lines: Sequence[str]) -> str:
    """Whole words in scripts that part words by spaces; anything in the others."""
    return f"(?<![{_LETTERS}])(?:{_joined(lines)})(?![{_LETTERS}])"


def _joined(lines: Sequence[str]) -> str:
    return "|".join(lines).replace("ς", "σ")  # as case folding leaves it
