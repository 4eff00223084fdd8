"""Whether two documents answer the same question differently: another figure, date or word, or a denial.

Said only where the sentences are alike but for that, and neither names what the other does not: being wrong
here is worse than being silent. Deterministic: no model is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from everask.answer.dates import common_year
from everask.answer.figures import Figures, read_figures
from everask.answer.names import wrong_name
from everask.answer.negation import denies
from everask.answer.units import are_alike, end_with_unit
from everask.text import analyse, words
from everask.text.telling import weigh
from everask.types import Evidence, Query

# The second must be this likely against the first, and this likely at all.
_COMPARABLE, _LEAST = 0.25, 0.06
_ALIKE, _ALIKE_FRAME, _ALIKE_DENIAL = 0.5, 0.7, 0.7
_ALIKE_ACROSS = 0.55
_FEWEST_SHARED = 2
_MAX_LOOKED_AT = 5

Likeness = Callable[[str, Evidence], float | None]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two pieces of evidence and what each says, in its own words."""

    one: Evidence
    other: Evidence
    says: str
    other_says: str


def find_disagreement(query: Query, evidence: Sequence[Evidence], likeness: Likeness) -> Disagreement | None:
    """The likeliest evidence, and the next of another document that contradicts it; None where none does."""
    if not evidence:
        return None
    best = evidence[0]
    for other in evidence[1:_MAX_LOOKED_AT]:
        if other.probability < max(_LEAST, _COMPARABLE * best.probability):
            return None
        if other.hit.document.id != best.hit.document.id and _comparable(query, best, other):
            found = what_each_says(query, best, other, likeness)
            if found:
                return Disagreement(best, other, *found)
    return None


def _comparable(query: Query, one: Evidence, other: Evidence) -> bool:
    """Whether both speak of what the question names, as far as the one does."""
    asked = {token for token, weight in weigh(analyse(query.text, query.language)).items() if weight > 0.9}
    known = [_everything(each) for each in (one, other)]
    same = one.hit.passage.language == other.hit.passage.language == query.language
    return not same or asked & known[0] == asked & known[1]


def what_each_says(
    query: Query, one: Evidence, other: Evidence, likeness: Likeness
) -> tuple[str, str] | None:
    """In what two pieces of evidence contradict each other, in their own words; None where they do not."""
    language = one.hit.passage.language
    left, right = _read(one), _read(other)
    if language != other.hit.passage.language:
        alike = likeness(one.text, other)
        return _figures(query, left, right) if alike is not None and alike >= _ALIKE_ACROSS else None
    mine, theirs = _telling(one.text, language), _telling(other.text, language)
    shared = len(mine & theirs)
    alike = shared / max(1, min(len(mine), len(theirs)))
    if shared < _FEWEST_SHARED or alike < _ALIKE:
        return None
    if alike >= _ALIKE_FRAME:
        word = _frame(query, one, other)
        if word:
            return word
    named = f"{query.text} {' '.join(one.hit.passage.headings)} {' '.join(other.hit.passage.headings)}"
    if wrong_name(one.text, other.text, named, language) or wrong_name(other.text, one.text, named, language):
        return None
    if alike >= _ALIKE_DENIAL and denies(one.text, other.text, language) and not left.figures:
        return one.text, other.text
    return _figures(query, left, right)


def _figures(query: Query, left: Figures, right: Figures) -> tuple[str, str] | None:
    """A figure or date of each, of one kind, where the two have nothing of that kind in common."""
    asked = read_figures(query.text, (query.language, "en"), tolerant=True)
    known = {value for one in asked.figures for value in one.readings}
    for one in left.figures:
        if not one.unit or one.readings & known:
            continue
        mine = [each for each in left.figures if are_alike(each.unit, one.unit)]
        theirs = [each for each in right.figures if are_alike(each.unit, one.unit)]
        if theirs and not any(a.readings & b.readings for a in mine for b in theirs):
            return _with_unit(left, one.start, one.end), _with_unit(right, theirs[0].start, theirs[0].end)
    if len(left.dates) == len(right.dates) == 1:
        mine_day, their_day = left.dates[0], right.dates[0]
        if _contradict(mine_day.readings, their_day.readings):
            return left.text[mine_day.start : mine_day.end], right.text[their_day.start : their_day.end]
    bare = [[one for one in side.figures if not one.unit] for side in (left, right)]
    if len(left.figures) == len(right.figures) == len(bare[0]) == len(bare[1]) == 1:
        first, second = bare[0][0], bare[1][0]
        if not first.readings & second.readings and not first.readings & known:
            return first.text, second.text
    return None


def _contradict(one: frozenset[tuple[int | None, ...]], other: frozenset[tuple[int | None, ...]]) -> bool:
    """Whether no reading of the one date can be the other, in what both of them say."""
    return not any(
        all(a is None or b is None or a == b for a, b in zip(left, right, strict=True))
        for left in map(_in_common_years, one)
        for right in map(_in_common_years, other)
    )


def _in_common_years(day: tuple[int | None, ...]) -> tuple[int | None, ...]:
    year, *rest = day
    return (common_year(year) if year else year, *rest)


def _frame(query: Query, one: Evidence, other: Evidence) -> tuple[str, str] | None:
    """The one word in which two sentences differ, if it is no figure and the question has neither."""
    language = one.hit.passage.language
    asked = _telling(query.text, query.language)
    lists = [_words(each.text, language) for each in (one, other)]
    differing = [
        [word for word, tokens in mine if not any(tokens & theirs for _, theirs in yours)]
        for mine, yours in ((lists[0], lists[1]), (lists[1], lists[0]))
    ]
    if len(differing[0]) != 1 or len(differing[1]) != 1 or min(len(one) for one in lists) < 3:
        return None
    left, right = differing[0][0], differing[1][0]
    if any(re.search(r"\d", each) for each in (left, right)) or _telling(f"{left} {right}", language) & asked:
        return None
    return left, right


def _words(text: str, language: str) -> list[tuple[str, set[str]]]:
    found = []
    for start, end in words(text, language):
        tokens = set(analyse(text[start:end], language))
        if tokens and max(weigh(tokens).values()) > 0.5:
            found.append((text[start:end], tokens))
    return found


def _telling(text: str, language: str) -> set[str]:
    weights = weigh(analyse(text, language))
    return {one for one, weight in weights.items() if weight > 0.3 and not re.search(r"\d", one)}


def _everything(evidence: Evidence) -> set[str]:
    document, passage = evidence.hit.document, evidence.hit.passage
    text = f"{document.title} {document.name} {' '.join(passage.headings)} {passage.text}"
    return set(analyse(text, passage.language))


def _read(evidence: Evidence) -> Figures:
    return read_figures(evidence.text, (evidence.hit.passage.language, "en"))


def _with_unit(found: Figures, start: int, end: int) -> str:
    """A figure as it is written, with the unit beside it."""
    before = re.search(r"[$€£¥₹₽₺฿]\s?$", found.text[:start])
    return found.text[before.start() if before else start : end_with_unit(found.text, end)].strip()
