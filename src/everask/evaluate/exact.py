"""Queries that are looked up, not asked: names, numbers, codes and quotes that stand in one passage only.

They are taken from the passages themselves, so that any pool gives such a suite. The draw is seeded.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from everask.evaluate.suite import Item, Suite

_NUM_QUERIES = 100
_MOST_A_PASSAGE = 2
_QUOTES = ("“”", "„“", "„”", "«»", "「」", "『』", "《》", "〈〉", '""')
_QUOTED = "|".join(f"{pair[0]}([^{pair}\n]{{4,48}}){pair[1]}" for pair in _QUOTES)
# Of scripts that put spaces between words: beside them, a number is a part of a longer word.
_LETTERS = "A-Za-zÀ-ɏͰ-Ͽἀ-῿Ѐ-ӿ"
_KINDS: Mapping[str, re.Pattern[str]] = {
    "quote": re.compile(_QUOTED),
    "number": re.compile(rf"(?<![{_LETTERS}\d.,:/-])\d[\d.,:/\u066b\u066c-]+\d(?![{_LETTERS}\d-])"),
    # Letters and digits in one word: F-16, 802.11b, B4A.
    "code": re.compile(
        rf"(?<![{_LETTERS}\d-])(?=[A-Za-z-]*\d)(?=[\d-]*[A-Za-z])[A-Za-z\d]+(?:-[A-Za-z\d]+)*(?![{_LETTERS}\d-])"
    ),
    # Two or three words that begin with capitals after one that does not: no sentence begins there.
    "name": re.compile(
        r"(?<=[a-zα-ωά-ώа-яß-ÿ] )[A-ZÀ-ÞΑ-ΩА-Я][^\W\d_]{2,}(?: [A-ZÀ-ÞΑ-ΩА-Я][^\W\d_]{2,}){1,2}"
    ),
    "foreign name": re.compile(r"[ァ-ヺー]{3,}(?:[・=][ァ-ヺー]+)*"),
}
_LATIN = re.compile(
    rf"(?<![{_LETTERS}\d-])[A-Z][A-Za-z]{{2,}}(?: [A-Z][A-Za-z]{{2,}}){{0,2}}(?![{_LETTERS}\d-])"
)
# Scripts without capitals: a Latin name among them is a name.
_UNCASED = frozenset({"ar", "fa", "he", "hi", "ja", "ko", "th", "zh"})
_LEAST_DIGITS = 3
_SHORTEST = 3


def exact_suites(pools: Sequence[Suite], group: str) -> list[Suite]:
    """One suite a pool, of at most 100 queries; a pool without such queries gives none."""
    made = (_exact_suite(pool, group) for pool in pools)
    return [suite for suite in made if suite.queries]


def _exact_suite(pool: Suite, group: str) -> Suite:
    queries: dict[str, Item] = {}
    right: dict[str, dict[str, int]] = {}
    for number, (key, item, query) in enumerate(_draw(pool)):
        name = f"exact-{number}-{key}"
        queries[name] = Item(query, item.language, item.article)
        right[name] = {key: 1}
    return replace(pool, name=f"exact-{pool.name}", group=group, queries=queries, judgements=right)


def _draw(pool: Suite) -> list[tuple[str, Item, str]]:
    """Passages with what stands in them alone, as many of each kind as there are."""
    folded = {key: _fold(f"{item.title}\n{item.text}") for key, item in pool.passages.items()}
    found: dict[str, list[tuple[str, str]]] = {}
    holders: dict[str, set[str]] = {}
    for key, item in pool.passages.items():
        for kind, span in spans_of(item):
            found.setdefault(kind, []).append((key, span))
            holders.setdefault(_fold(span), set()).add(key)
    draw = random.Random(11)
    for spans in found.values():
        draw.shuffle(spans)
    taken: list[tuple[str, Item, str]] = []
    counts: dict[str, int] = {}
    while found and len(taken) < _NUM_QUERIES:
        for kind in sorted(found):
            spans = found[kind]
            while spans:
                key, span = spans.pop()
                wanted = _fold(span)
                is_rare = counts.get(key, 0) < _MOST_A_PASSAGE and len(holders[wanted]) == 1
                if is_rare and _is_alone(wanted, folded):
                    counts[key] = counts.get(key, 0) + 1
                    taken.append((key, pool.passages[key], f'"{span}"' if kind == "quote" else span))
                    break
            if not spans:
                del found[kind]
    return taken[:_NUM_QUERIES]


def spans_of(item: Item) -> Iterator[tuple[str, str]]:
    """What could be looked up in a passage, with its kind."""
    for kind, pattern in _KINDS.items():
        for match in pattern.finditer(item.text):
            span = next((group for group in match.groups() if group), match.group()).strip()
            num_digits = sum(map(str.isdigit, span))
            if len(span) >= _SHORTEST and (kind != "number" or num_digits >= _LEAST_DIGITS):
                yield kind, span
    if item.language in _UNCASED:
        yield from (("latin name", match.group()) for match in _LATIN.finditer(item.text))


def _is_alone(wanted: str, folded: Mapping[str, str]) -> bool:
    holding = 0
    for text in folded.values():
        holding += wanted in text
        if holding > 1:
            return False
    return holding == 1


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
