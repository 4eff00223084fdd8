"""Queries with a slip of the finger: one letter left out, doubled, swapped with the next, or a key beside it.

In Chinese and Japanese one character is left out. The draw is seeded by the query, so that it is the same
in every suite that the query is in.
"""

from __future__ import annotations

import random
import re
import zlib
from dataclasses import replace

from everask.evaluate.suite import Item, Suite

# Rows of the usual keyboards: a slip hits a key beside the right one.
_ROWS = (
    "qwertyuiop", "asdfghjkl", "zxcvbnm",
    "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю",
    "ςερτυθιοπ", "ασδφγηξκλ", "ζχψωβνμ",
    "ضصثقفغعهخحجد", "شسيبلاتنمكط", "ئءؤرىةوزظ",
)  # fmt: skip
_BESIDE = {
    letter: row[max(0, at - 1) : at] + row[at + 1 : at + 2] for row in _ROWS for at, letter in enumerate(row)
}
_UNSPACED = frozenset({"zh", "ja"})
# Words of four letters and more, in which a slip is likely; combining marks belong to them.
_WORD = re.compile(r"[^\W\d_][^\W\d_\u0e00-\u0e2f]*(?:[\u0900-\u0dff\u0e00-\u0e7f]*)")
_CHARACTER = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_LEAST_LETTERS = 4


def with_typos(suite: Suite, group: str) -> Suite:
    """The suite with one typo a query; queries without a word that is long enough are left out."""
    queries = {
        key: replace(item, text=text)
        for key, item in suite.queries.items()
        if (text := add_typo(item, zlib.crc32(key.encode()))) != item.text
    }
    judgements = {key: suite.judgements[key] for key in queries}
    return replace(suite, name=f"typos-{suite.name}", group=group, queries=queries, judgements=judgements)


def add_typo(query: Item, seed: int) -> str:
    """The query's text with one typo; as it is where there is no place for one."""
    draw = random.Random(seed)
    text = query.text
    if query.language in _UNSPACED:
        places = [match.start() for match in _CHARACTER.finditer(text)]
        at = draw.choice(places) if len(places) >= _LEAST_LETTERS else len(text)
        return text[:at] + text[at + 1 :]
    words = [match for match in _WORD.finditer(text) if len(match.group()) >= _LEAST_LETTERS]
    if not words:
        return text
    word = draw.choice(words)
    slips = [_drop, _double, _swap, _hit_beside]
    draw.shuffle(slips)
    at = draw.randrange(word.start() + 1, word.end() - 1)
    made = (slip(text, at, draw) for slip in slips)
    return next((changed for changed in made if changed != text), text)


def _drop(text: str, at: int, draw: random.Random) -> str:
    return text[:at] + text[at + 1 :]


def _double(text: str, at: int, draw: random.Random) -> str:
    return text[: at + 1] + text[at:]


def _swap(text: str, at: int, draw: random.Random) -> str:
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _hit_beside(text: str, at: int, draw: random.Random) -> str:
    beside = _BESIDE.get(text[at], "")
    return text[:at] + draw.choice(beside) + text[at + 1 :] if beside else text
