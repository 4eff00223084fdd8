"""Whether a text holds some words exactly as they were typed, one after the other.

Case, width and the spelling of one letter are all that may differ, and accents where none were typed; stems
never. Between two words may stand whatever is no word. Knows nothing of the index.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from everask.text.characters import RunKind, runs, word_character
from everask.text.normal import normalise, without_accents
from everask.text.tokens import exact_tokens

_SIGNS = frozenset("+#$%&@€£¥§°=<>~^|")
_GAP = r"[\W_]{0,16}?"


def holds(text: str, wording: str) -> bool:
    """Whether `text` holds the words of `wording`."""
    pattern, is_plain = _compile(wording)
    if pattern is None:
        return False
    normal = normalise(text)
    return pattern.search(without_accents(normal) if is_plain else normal) is not None


def wording_tokens(wording: str) -> tuple[list[list[str]], bool]:
    """Index tokens that every passage with the wording has, those of each list one right after the other;
    and whether all are words of spaced scripts, which then stand near each other in the same order."""
    found = runs(wording)
    lists = [exact_tokens(wording[start:end], kind) for start, end, kind in found]
    return [one for one in lists if one], all(kind == "word" for _, _, kind in found)


@lru_cache(maxsize=1_000)
def _compile(wording: str) -> tuple[re.Pattern[str] | None, bool]:
    """The expression that finds the wording, and whether it has no accents, so that they do not matter."""
    normal = normalise(wording)
    found = runs(normal)
    if not found:
        return None, True
    plain = without_accents(normal)
    if plain == normal:
        return re.compile(_expression(normal, found)), True
    return re.compile(_expression(normal, found)), False


def _expression(text: str, found: list[tuple[int, int, RunKind]]) -> str:
    first, last = found[0], found[-1]
    leading = _signs(text[: first[0]])
    parts = [rf"{leading}\s*" if leading else "", _run(text, first)]
    for left, right in pairwise(found):
        signs = _signs(text[left[1] : right[0]])
        parts += [rf"\s*{signs}\s*" if signs else _GAP, _run(text, right)]
    trailing = _signs(text[last[1] :])
    return "".join([*parts, rf"\s*{trailing}" if trailing else ""])


def _run(text: str, run: tuple[int, int, RunKind]) -> str:
    """A whole word of a spaced script, or characters of another."""
    start, end, kind = run
    word = re.escape(text[start:end])
    if kind != "word":
        return word
    before = "(?<![0-9][.,])" if text[start].isdigit() else ""
    after = "(?![.,][0-9])" if text[end - 1].isdigit() else ""
    return f"(?<!{word_character()}){before}{word}(?!{word_character()}){after}"


def _signs(between: str) -> str:
    """Signs that mean something beside a word, as in `C++` or `100 %`; other punctuation is passed over."""
    return r"\s*".join(re.escape(one) for one in between if one in _SIGNS)
