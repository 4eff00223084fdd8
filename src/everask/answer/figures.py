"""Every figure, date and unit of a sentence must be one of the quote's: what is not is named.

A figure agrees with the same number beside the same unit: "24 days" is not in "24 months, 30 days", nor 3 in
"March". A date agrees with one date of the quote in all that it says. Strictness is cheap: a sentence that
fails gives way to the quote itself.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise, zip_longest

from everask.answer.binding import Place, is_misplaced
from everask.answer.dates import Date, agrees, month_number, months_in, read_dates
from everask.answer.numbers import Number, Reading, Readings, plain, read_numbers
from everask.answer.spelled import read_words
from everask.answer.units import are_alike, is_mentioned, unit_after, unit_before

_DECADE = re.compile(r"['’]?s\b|er(?:\b|[- ]jahre)|-?е годы|-х\b|年代|년대", re.IGNORECASE)
# Between two figures that share what stands behind the second.
_RANGE = re.compile(
    r"\s*(?:[-–—−~〜～至到,，、/]|to|or|and|bis|oder|und|à|ou|et|a|o|y|e|до|или|и|або"
    r"|tot|of|en|do|lub|i|până la|sau|și|ile|ve|veya|έως"
    r"|και|đến|và|إلى|و|से|और|ถึง|และ|から|または|에서|또는)\s*",
    re.IGNORECASE,
)
_OF = re.compile(r"\s?(?:d['’]|de |di |of |ng )", re.IGNORECASE)
# A sentence that leaves one of these out says something else.
_MARKED = ("bc", "decade")
# A unit's words behind its figure; without spaces, the few characters that a unit may have.
_ATTACHED = re.compile(
    r"[\s\-‐]?(?:[^\W\d_ぁ-ヿ一-龯가-힣฀-๿]+|[%°€$£][CF]?|[ぁ-ヿ一-龯가-힣]{1,2}|[฀-๿]{1,10})?"
)
_NEXT_WORD = re.compile(r"[\s\-‐]?([^\W\d_]{3,})")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a text with its unit ("" for none that is known) and the text as it is written."""

    start: int
    end: int
    readings: Readings
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of a text; `text` is the plain text that the offsets count in."""

    text: str
    figures: tuple[Figure, ...]
    dates: tuple[Date, ...]
    months: frozenset[int]

    def without_units(self) -> str:
        """The text without its figures and what is attached to them: its units are those of others."""
        parts, last = [], 0
        for one in self.figures:
            if one.unit:
                parts.append(self.text[last : max(last, one.start)])
                attached = _ATTACHED.match(self.text, one.end)
                last = attached.end() if attached else one.end
        return " ".join([*parts, self.text[last:]])

    def years(self) -> set[Reading]:
        """The years of the dates, and what else may be a year."""
        found = {Decimal(day[0]) for one in self.dates for day in one.readings if day[0] is not None}
        bare = {one for each in self.figures if each.unit in ("", "year") for one in each.readings}
        return found | bare


@functools.lru_cache(maxsize=512)
def read_figures(text: str, languages: tuple[str, ...], *, tolerant: bool = False) -> Figures:
    """The figures of a text. Number words count in each of the languages, dates and signs as in the first."""
    text = plain(text)
    language = languages[0] if languages else "und"
    dates = read_dates(text, language)
    numbers = [
        one
        for one in read_numbers(text, language, tolerant=tolerant)
        if not _inside(one.start, one.end, dates)
    ]
    figures = [_figure(one, text) for one in sorted(numbers, key=lambda one: one.start)]
    for name in dict.fromkeys(languages):
        for word in read_words(text, name):
            if not _inside(word.start, word.end, dates):
                number = Number(word.start, word.end, frozenset({word.value}))
                figures.append(_figure(number, text))
    named = months_in(text, sure=not tolerant)
    figures.sort(key=lambda one: one.start)
    return Figures(text, tuple(_share_units(figures, numbers, text)), tuple(dates), frozenset(named))


def wrong_figure(sentence: str, quote: str, languages: tuple[str, str]) -> str:
    """The first figure, date or unit of `sentence` that `quote` does not have, as it is written; else "".

    `languages` are the sentence's and the quote's.
    """
    said = read_figures(sentence, languages[:1])
    known = read_figures(quote, (languages[1], languages[0], "en"), tolerant=True)
    problem = _wrong_date(said, known)
    if problem:
        return problem
    for one in said.figures:
        same = _same_number(one, known)
        if not same:
            return one.text
        if not _same_unit(one, same, known) or not _same_noun(one, said, known, languages):
            return said.text[one.start : one.end + 12].split("\n")[0].strip()
    return _misplaced(said, known, languages[0]) if languages[0] == languages[1] else ""


def missing_numbers(sentence: str, quote: str, language: str = "und") -> list[str]:
    """Numbers of the sentence that do not stand in the quote at all, as text; empty when all do."""
    said = read_figures(sentence, (language, "en"))
    known = read_figures(quote, (language, "en"), tolerant=True)
    days = {part for one in known.dates for day in one.readings for part in day if part is not None}
    values: set[Reading] = {one for each in known.figures for one in each.readings}
    values |= {Decimal(one) for one in days | set(known.months)}
    missing = [one.text for one in said.figures if not one.readings & values]
    said_days = [{part for day in one.readings for part in day if part is not None} for one in said.dates]
    return missing + [
        said.text[one.start : one.end]
        for one, parts in zip(said.dates, said_days, strict=True)
        if not any(Decimal(part) in values for part in parts)
    ]


def _misplaced(said: Figures, known: Figures, language: str) -> str:
    """The first figure or date that stands beside the words of another of its kind."""
    forward = list(_ranges(known))
    for left, right in _ranges(said):
        turned = any(
            left.readings & end.readings and right.readings & start.readings for start, end in forward
        )
        if turned and not any(left.readings & start.readings for start, _ in forward):
            return left.text
    for one in said.figures:
        same = [each for each in known.figures if each.readings & one.readings]
        others = [each for each in known.figures if each not in same and are_alike(each.unit, one.unit)]
        others = [each for each in others if not any(_in_range(each, right, known.text) for right in same)]
        places = [Place(each.start, each.end, each.unit) for each in same]
        rivals = [Place(each.start, each.end, each.unit) for each in others]
        place = Place(one.start, one.end, one.unit)
        if is_misplaced(place, said.text, known.text, places, rivals, language):
            return one.text
    for date in said.dates:
        places = [Place(each.start, each.end, "date") for each in known.dates if agrees(date, each)]
        rivals = [Place(each.start, each.end, "date") for each in known.dates if not agrees(date, each)]
        place = Place(date.start, date.end, "date")
        if is_misplaced(place, said.text, known.text, places, rivals, language):
            return said.text[date.start : date.end]
    return ""


def _figure(number: Number, text: str) -> Figure:
    unit = unit_before(text, number.start)
    end = number.end
    if not unit:
        gap = _OF.match(text, end) if number.factor > 1 else None
        written = text[number.start : number.end]
        decade = _DECADE.match(text, end) if written.endswith("0") else None
        unit = "decade" if decade else unit_after(text, gap.end() if gap else end)
    return Figure(number.start, end, number.readings, unit, text[number.start : number.end].strip())


def _share_units(figures: list[Figure], numbers: Sequence[Number], text: str) -> Iterator[Figure]:
    """ "10 to 20 million kg": the first has what stands behind the second as well."""
    factors = {one.start: one.factor for one in numbers}
    for one, after in zip_longest(figures, figures[1:]):
        if after is not None and _RANGE.fullmatch(text[one.end : after.start]):
            factor = factors.get(after.start, 1)
            if not one.unit and after.unit:
                one = replace(one, unit=after.unit)
            if factor > 1 and factors.get(one.start, 1) == 1:
                more = {value * factor for value in one.readings if isinstance(value, Decimal)}
                one = replace(one, readings=one.readings | more)
        yield one


def _in_range(one: Figure, other: Figure, text: str) -> bool:
    """Whether two figures are the ends of one range: what is said of the one is said of the other."""
    left, right = sorted((one, other), key=lambda each: each.start)
    return _RANGE.fullmatch(text[left.end : right.start]) is not None


def _ranges(found: Figures) -> Iterator[tuple[Figure, Figure]]:
    """Neighbours that are the two ends of a range."""
    for left, right in pairwise(found.figures):
        if left.end <= right.start and _RANGE.fullmatch(found.text[left.end : right.start]):
            yield left, right


def _inside(start: int, end: int, dates: Sequence[Date]) -> bool:
    return any(start < one.end and end > one.start for one in dates)


def _wrong_date(said: Figures, known: Figures) -> str:
    months = set(known.months)
    months |= {day[1] for one in known.dates for day in one.readings if day[1] is not None}
    for one in said.dates:
        if not any(agrees(one, other) for other in known.dates) and not _in_parts(one, known, months):
            return said.text[one.start : one.end]
    dated = {day[1] for one in said.dates for day in one.readings}
    for month in sorted(said.months - dated - months):
        word = re.search(r"[^\W\d_]+", _named(said.text, month))
        return word.group() if word else str(month)
    return ""


def _named(text: str, month: int) -> str:
    return next((one for one in re.findall(r"[^\W\d_]+", text) if month_number(one) == month), "")


def _in_parts(said: Date, known: Figures, months: set[int]) -> bool:
    """Whether a date's day and year stand apart in the quote, as in the cells of a row."""
    years = known.years()
    for year, month, day in said.readings:
        if year is not None and Decimal(year) not in years:
            continue
        if month is None:
            return True
        partial = Date(0, 0, frozenset({(None, month, day)}))
        undated = [one for one in known.dates if all(each[0] is None for each in one.readings)]
        if any(agrees(partial, one) for one in undated):
            return True
        if not known.dates and month in months and (day is None or _has_bare(known, day)):
            return True
    return False


def _has_bare(known: Figures, value: int) -> bool:
    return any(Decimal(value) in one.readings and one.unit in ("", "day") for one in known.figures)


def _same_number(said: Figure, known: Figures) -> list[Figure]:
    same = [one for one in known.figures if one.readings & said.readings]
    if said.unit in ("", "year") and len(said.text) >= 3 and said.readings & known.years():
        same.append(replace(said, unit=""))
    return same


def _same_unit(said: Figure, same: Sequence[Figure], known: Figures) -> bool:
    if all(one.unit in _MARKED and one.unit != said.unit for one in same):
        return False
    if not said.unit:
        return True
    return any(are_alike(said.unit, one.unit) for one in same) or (
        any(not one.unit for one in same) and is_mentioned(said.unit, known.without_units())
    )


def _same_noun(said: Figure, whole: Figures, known: Figures, languages: tuple[str, str]) -> bool:
    """Within a language, the word that a figure counts must be in the quote: "12 doors" is not 12 floors."""
    if said.unit or languages[0] != languages[1]:
        return True
    match = _NEXT_WORD.match(whole.text, said.end)
    if match is None or not re.fullmatch(r"[\s\-‐]?[a-zà-ɏα-ωа-яіїєґά-ώ]+", match.group()):
        return True
    word = match[1].casefold()
    return word[: max(4, len(word) * 3 // 5)] in known.text.casefold() or len(word) < 4
