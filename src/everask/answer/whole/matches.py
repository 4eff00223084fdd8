"""Which columns and cells of a table a question speaks of, across languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from everask.answer.whole.lexicon import meanings, phrase_spans, says_nothing
from everask.answer.whole.plans import Column, Condition
from everask.answer.whole.question import Asked, Word
from everask.answer.whole.tables import Table
from everask.text import analyse, words

# A word of the question and the columns' names -> the column that means it, or None when not sure.
Likeness = Callable[[str, Sequence[str]], int | None]

MAX_DISTINCT = 20_000
MIN_NAMED = 0.5
_UNIT = re.compile(r"[(（\[][^)）\]]*[)）\]]")
_PARTS = re.compile(r"\s*[;,/、，；]\s*")
_SHORT = 3
_MAX_KINDS = 12
_UNSPACED = re.compile("[\u0e00-\u0e7f\u2e80-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Named:
    """A column that the question names: how much of its name, by which words."""

    column: Column
    share: float
    words: frozenset[int]


@dataclass(frozen=True, slots=True)
class Said:
    """A cell's text that stands in the question, and the columns that have it."""

    start: int
    end: int
    conditions: tuple[Condition, ...]


def named_columns(
    asked: Asked, columns: Sequence[Column], language: str, like: Likeness | None
) -> list[Named]:
    """The columns that the question names, those out whose words another one has and more besides."""
    found = [one for column in columns if (one := _named(asked, column, language)).share >= MIN_NAMED]
    taken = {number for one in found for number in one.words}
    for number, word in enumerate(asked.words):
        if like and number not in taken and not word.filler and not word.text.isdigit():
            at = like(word.text, [_UNIT.sub(" ", column.name) for column in columns])
            if at is not None:
                found.append(Named(columns[at], MIN_NAMED, frozenset({number})))
    return [
        one
        for one in found
        if not any(
            one.words < other.words
            or (
                one.words == other.words
                and one.column.kind == other.column.kind
                and one.share < other.share - 0.2
            )
            for other in found
        )
    ]


def title_words(asked: Asked, table: Table) -> set[int]:
    """The words of the question that stand in the names of the table and its document."""
    document = table.document
    text = " ".join([document.name.replace("/", " "), document.title, table.title])
    text = re.sub(r"[-_.#]+", " ", text)
    tokens = set(analyse(text, document.language)) | set(analyse(text, "en"))
    known = frozenset().union(*(meanings(one) for one in text.split()), _phrases(text))
    return {
        number
        for number, word in enumerate(asked.words)
        if word.tokens & tokens or (word.meanings & known and not word.filler)
    }


def said_cells(asked: Asked, table: Table, columns: Sequence[Column]) -> list[Said]:
    """Texts of cells that stand in the question as whole words, the longest at each place."""
    known: dict[str, dict[Condition, None]] = {}
    for column in columns:
        if column.kind == "text":
            for folded, condition in _values(table, column):
                known.setdefault(folded, {})[condition] = None
    found = [
        Said(start, start + len(folded), tuple(conditions))
        for folded, conditions in known.items()
        for start in _places(asked, folded)
        if _is_telling(asked, start, folded, conditions)
    ]
    found += _kinds(asked, table, columns)
    found.sort(key=lambda one: (one.start - one.end, one.start))
    kept: list[Said] = []
    for one in found:
        if not any(one.start < other.end and other.start < one.end for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)


def _values(table: Table, column: Column) -> list[tuple[str, Condition]]:
    """A column's distinct cells, and the parts of cells that list several values."""
    distinct = dict.fromkeys(cell for cell in table.column(column.number) if cell)
    if len(distinct) > MAX_DISTINCT:
        return []
    whole = [(fold(cell), Condition(column.number, "=", cell)) for cell in distinct if len(cell) <= 120]
    lists = [parts for cell in distinct if len(parts := _PARTS.split(cell)) > 1 and len(cell) <= 120]
    if len(lists) * 20 < len(distinct) or any(len(part.split()) > 5 for parts in lists for part in parts):
        return whole
    several = {part for parts in lists for part in parts if part}
    return [
        (folded, Condition(column.number, "=", condition.value, part=True))
        for folded, condition in whole
        if str(condition.value) in several or len(_PARTS.split(str(condition.value))) == 1
    ] + [(fold(part), Condition(column.number, "=", part, part=True)) for part in several]


def _kinds(asked: Asked, table: Table, columns: Sequence[Column]) -> list[Said]:
    """Cells that name a kind ("actor"), which a question puts in the plural or in another language."""
    found: list[Said] = []
    language = table.document.language
    for column in columns:
        cells = {cell for cell in table.column(column.number) if cell}
        if column.kind != "text" or len(cells) > max(_MAX_KINDS, len(table.rows) // 4):
            continue
        if len(cells) == len(table.rows):
            continue
        for cell in cells:
            if " " in cell or len(cell) <= _SHORT or cell.isdigit():
                continue
            tokens, meant = frozenset(analyse(cell, language)), meanings(cell) | _phrases(cell)
            found += [
                Said(word.start, word.end, (Condition(column.number, "=", cell),))
                for word in asked.words
                if not word.filler and (word.tokens & tokens or word.meanings & meant)
            ]
    return found


def fold(text: str) -> str:
    """Text as cells and questions are compared: NFKC, lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _places(asked: Asked, folded: str) -> list[int]:
    found: list[int] = []
    start = asked.folded.find(folded) if folded else -1
    while start >= 0:
        end = start + len(folded)
        before, after = asked.folded[start - 1 : start], asked.folded[end : end + 1]
        if _parts_words(before, folded[0]) and _parts_words(after, folded[-1]):
            found.append(start)
        start = asked.folded.find(folded, start + 1)
    return found


def _parts_words(neighbour: str, edge: str) -> bool:
    """Whether a word may end between two characters."""
    return not neighbour.isalnum() or bool(_UNSPACED.match(neighbour)) or bool(_UNSPACED.match(edge))


def _is_telling(asked: Asked, start: int, folded: str, conditions: dict[Condition, None]) -> bool:
    """Short cells and cells made of common words must be written in the question as in the table."""
    inside = [asked.words[number] for number in asked.between(start, start + len(folded))]
    if not inside or folded.isdigit():
        return False
    if len(folded) > _SHORT and any(not word.filler for word in inside):
        return True
    written = asked.text[start : start + len(folded)]
    return any(str(one.value) == written for one in conditions) and not written.islower()


def _named(asked: Asked, column: Column, language: str) -> Named:
    words_of_name = _name_words(column.name, language)
    total = sum(weight for _, _, weight in words_of_name)
    if not total:
        return Named(column, 0.0, frozenset())
    matched, share = set[int](), 0.0
    for tokens, meant, weight in words_of_name:
        here = {number for number, word in enumerate(asked.words) if _matches(word, tokens, meant)}
        matched |= here
        share += weight if here else 0.0
    return Named(column, share / total, frozenset(matched))


def _matches(word: Word, tokens: frozenset[str], meant: frozenset[int]) -> bool:
    if word.tokens & tokens:
        return not word.filler or word.text.isdigit()
    return bool(word.meanings & meant)


def _name_words(name: str, language: str) -> list[tuple[frozenset[str], frozenset[int], float]]:
    """The words of a column's name without what stands in brackets, each with a weight."""
    bare = _UNIT.sub(" ", name) if _UNIT.sub(" ", name).strip() else name
    bare = re.sub(r"[_\-/.]+", " ", bare)
    found: list[tuple[frozenset[str], frozenset[int], float]] = []
    phrases = phrase_spans(bare.casefold())
    for start, end in words(bare, language):
        word = bare[start:end]
        tokens = frozenset(analyse(word, language)) | frozenset(analyse(word, "en"))
        meant = meanings(word) | {number for a, b, number in phrases if a < end and start < b}
        weight = 0.1 if says_nothing(word, tokens) or word.casefold() in _MEASURES else 1.0
        weight = 0.4 if meant & _generic() else weight
        found.append((tokens, meant, weight))
    return found


def _phrases(text: str) -> frozenset[int]:
    return frozenset(number for _, _, number in phrase_spans(text.casefold()))


@cache
def _generic() -> frozenset[int]:
    """What stands in many columns' names, and tells less than the word beside it."""
    return frozenset().union(*(meanings(one) for one in ("year", "date", "name", "country")))


_MEASURES = frozenset(
    {"million", "millions", "km2", "km²", "kg", "usd", "eur", "thousand", "mio", "pct", "percent"}
)
