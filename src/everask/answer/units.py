"""The unit beside a figure, in any language: "24 Monate" and "24 months" agree, "24 days" does not.

A unit is named by a short code. More telling ones come first ("kilometres per hour" before "kilometres").
What is not listed has no unit here; the word beside the figure is then compared as a word.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

# Units that may stand for each other: "20 degrees" of a quote's 20 °C, "30 pounds" of either kind, ¥.
_ALIKE = (
    {"degree", "celsius"}, {"degree", "fahrenheit"}, {"lb", "gbp"}, {"yen", "yuan"}, {"usd", "brl"},
    {"cent", "eur"},     {"minute", "clock"}, {"hour", "clock"}, {"am", "clock"}, {"pm", "clock"},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Units:
    """The patterns of each unit: right after a figure, right before one, anywhere."""

    after: tuple[tuple[str, re.Pattern[str]], ...]
    before: tuple[tuple[str, re.Pattern[str]], ...]
    anywhere: Mapping[str, re.Pattern[str]]


@functools.cache
def _units() -> _Units:
    """Each unit of units.json: its words by their beginnings, in many languages, then its signs."""
    table = json.loads((resources.files("everask.answer") / "units.json").read_text("utf-8"))
    return _Units(
        tuple(
            (code, _compile(f"(?:{stems or NONE})|{_ending(signs)}")) for code, stems, signs in table["after"]
        ),
        tuple((code, _compile(rf"(?<![^\W\d_])(?-i:{signs})\s?$")) for code, signs in table["before"]),
        {
            code: _compile(rf"(?<![a-zа-я])(?:{stems or NONE})|(?<!\w){_ending(signs)}")
            for code, stems, signs in table["after"]
        },
    )


def _ending(signs: str) -> str:
    """Signs, which end where a letter would follow; "MW" is not "mW"."""
    return rf"(?-i:{signs})(?![^\W\d_])" if signs else NONE


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_UNSPACED = re.compile("[ぁ-ヿ一-龯가-힣฀-๿]")
_REST_OF_WORD = re.compile(r"[^\s\d.,;:!?()/।॥؟،。、]*")
NONE = "(?!)"
_GAP = re.compile(r"[\s\-‐–]{0,2}\(?")


def unit_after(text: str, end: int) -> str:
    """The code of the unit that follows a figure ending at `end`; "" for none that is known."""
    return _find(text, end)[0]


def end_with_unit(text: str, end: int) -> int:
    """Where the unit's word ends that follows a figure ending at `end`; the same where none is known."""
    code, found = _find(text, end)
    if not code or _UNSPACED.match(text[found - 1]):
        return found
    rest = _REST_OF_WORD.match(text, found)
    return rest.end() if rest and text[found - 1].isalpha() else found


def _find(text: str, end: int) -> tuple[str, int]:
    gap = _GAP.match(text, end)
    start = gap.end() if gap else end
    for code, pattern in _units().after:
        match = pattern.match(text, start)
        if match and match.group():
            return code, match.end()
    return "", end


def unit_before(text: str, start: int) -> str:
    """The code of the unit that stands before a figure, as in "$5"; "" for none."""
    head = text[max(0, start - 12) : start]
    return next((code for code, pattern in _units().before if pattern.search(head)), "")


def is_mentioned(code: str, text: str) -> bool:
    """Whether a text names a unit anywhere: in the head of a column, in another sentence."""
    return any(pattern.search(text) for one, pattern in _units().anywhere.items() if are_alike(one, code))


def are_alike(one: str, other: str) -> bool:
    """Whether a figure with one unit may be the same figure with the other."""
    return one == other or {one, other} in _ALIKE
