"""Which rows of a table a question means: cells that it names, figures that it compares, years."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from everask.answer.whole.columns import NAMED_BY_YEAR
from everask.answer.whole.figures import read_figures
from everask.answer.whole.lexicon import meanings
from everask.answer.whole.matches import Named, Said
from everask.answer.whole.operations import Compared, Operation, Sign
from everask.answer.whole.plans import Column, Condition, Unclear
from everask.answer.whole.question import Account, Asked
from everask.answer.whole.tables import Table

_YEAR = re.compile(r"(?:1[5-9]|20|21)\d\d")
_FACTORS = (
    (10**9, re.compile(r"milliard|miljard|milyar|billion|миллиард|млрд|мільярд|mrd$|tỷ$|مليار")),
    (10**8, re.compile(r"[亿億억]")),
    (10**7, re.compile(r"करोड़")),
    (
        10**6,
        re.compile(
            r"million|milion|milioane|miljoe|miljon|milyon|millon|milhõ|миллион|мільйон|млн|mln$|mio$|triệu|juta|ล้าน|مليون"
        ),
    ),
    (10**5, re.compile(r"लाख")),
    (10**4, re.compile(r"[万萬만]")),
    (10**3, re.compile(r"thousand|tausend|mille$|mil$|тыс")),
)


@dataclass(slots=True)
class Reading:
    """One attempt: a question, a table, one operation."""

    asked: Asked
    table: Table
    columns: Sequence[Column]
    operation: Operation
    account: Account
    named: list[Named]
    title: set[int]
    conditions: list[Condition] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    targets: list[int] = field(default_factory=list)
    group: int | None = None
    unclear: Unclear | None = None


def take_cells(reading: Reading, said: list[Said]) -> None:
    """Cells that the question names are conditions; a text of two columns is one only of a named one."""
    mentioned = {one.column.number for one in reading.named}
    title = reading.account.covered
    for one in said:
        covered = reading.asked.between(one.start, one.end)
        possible = {condition.column: condition for condition in one.conditions}
        if covered <= title and len(reading.table.rows) > 1 and not set(possible) & mentioned:
            continue  # the table's own name, in one of its cells too
        if any(covered <= set(named.words) for named in reading.named):
            continue  # a column's name, in a cell too
        if len(possible) > 1 and set(possible) & mentioned:
            possible = {column: possible[column] for column in set(possible) & mentioned}
        if len(possible) > 1 and not _agree(reading, possible):
            names = [reading.columns[column].name for column in possible]
            reading.unclear = reading.unclear or Unclear("condition", names)
        condition = next(iter(possible.values()))
        reading.conditions.append(condition)
        reading.used.add(condition.column)
        reading.account.take(covered, tells=True)


def _agree(reading: Reading, possible: dict[int, Condition]) -> bool:
    """Whether columns that hold the same text hold it in the same rows."""
    rows = [
        frozenset(
            number
            for number, row in enumerate(reading.table.rows)
            if row.cell(column).casefold() == str(condition.value).casefold()
        )
        for column, condition in possible.items()
    ]
    return len(set(rows)) == 1


def take_range(reading: Reading) -> None:
    """From one year to another: the columns between, or the rows between."""
    if reading.asked.range is None:
        return
    start, end, first, last = reading.asked.range
    covered = reading.asked.between(start, end)
    over = [column for column in reading.columns if first <= year_over(column) <= last]
    if {year_over(column) for column in over} >= {first, last}:
        ends = reading.operation in ("difference", "change")
        chosen = [column for column in over if not ends or year_over(column) in (first, last)]
        reading.targets += [column.number for column in chosen]
        reading.account.take(covered, tells=True)
    elif (column := _year_column(reading)) is not None:
        for sign, year in ((">=", first), ("<=", last)):
            limit = Condition(column.number, cast(Sign, sign), Decimal(year), year=column.kind == "dates")
            reading.conditions.append(limit)
        reading.used.add(column.number)
        reading.account.take(covered)


def year_over(column: Column) -> int:
    """The year that a column is named by, as "2019" and "2019 €m"; 0 where it is none."""
    found = NAMED_BY_YEAR.match(column.name)
    return int(found.group(1)) if found else 0


def take_comparisons(reading: Reading) -> None:
    """Figures that are compared with a column are conditions on it."""
    for one in reading.asked.comparisons:
        figure = _figure(one)
        if figure is None or reading.asked.between(one.start, one.end) <= reading.account.covered:
            continue
        is_year = bool(_YEAR.fullmatch(one.figure)) and not one.scale
        column = _compared_column(reading, one, is_year=is_year)
        if column is None:
            continue
        if column.kind == "figures":
            figure = _scaled(figure, one.scale, column)
        reading.conditions.append(Condition(column.number, one.sign, figure, year=column.kind == "dates"))
        reading.used.add(column.number)
        reading.account.take(reading.asked.between(one.start, one.end))


def _scaled(figure: Decimal, scale: str, column: Column) -> Decimal:
    """The figure as the column writes it: 10 million in "Population in millions" is 10."""
    of_column = max((_factor(word) for word in re.findall(r"\w+", column.name.casefold())), default=1)
    if not scale and figure < of_column:
        return figure
    return figure * _factor(scale) / of_column


def _factor(word: str) -> int:
    """What a word for a size multiplies by: 1 where it is none."""
    return next((factor for factor, pattern in _FACTORS if pattern.match(word)), 1)


def _figure(one: Compared) -> Decimal | None:
    """The figure as a number; "1,234" is a thousand and more, "1,5" is not."""
    read = read_figures([one.figure], "", as_written="." if "." not in one.figure else "")
    return read.values[0] if read else None


def _compared_column(reading: Reading, one: Compared, *, is_year: bool) -> Column | None:
    """The column that a figure is compared with: the nearest that is named and fits, else the only one."""
    fits = ("years", "dates") if is_year else ("figures",)
    named = [each.column for each in own_named(reading) if each.column.kind in fits]
    if not named and is_year:
        named = [
            each.column
            for each in reading.named
            if each.column.kind == "figures" and not year_over(each.column)
        ]
    if len(named) > 1:
        distance = {
            each.column.number: _distance(reading.asked, each, one)
            for each in reading.named
            if each.column in named
        }
        nearest = min(distance.values())
        named = [column for column in named if distance[column.number] == nearest]
    possible = named or [column for column in reading.columns if column.kind in fits]
    if len(possible) == 1:
        return possible[0]
    if possible:
        names = [column.name for column in possible]
        reading.unclear = reading.unclear or Unclear("condition", names)
        reading.account.take(reading.asked.between(one.start, one.end))
    return None


def _distance(asked: Asked, named: Named, one: Compared) -> int:
    return min(
        max(0, one.start - asked.words[number].end, asked.words[number].start - one.end)
        for number in named.words
    )


def own_named(reading: Reading) -> list[Named]:
    """The columns of days and years that are named by words that are not the table's own: of releases that
    "were created", the day of creation is meant."""
    dated = [one for one in reading.named if one.column.kind in ("dates", "years")]
    own = [one for one in dated if not one.words <= reading.title]
    return [one for one in reading.named if one not in dated or one in (own or dated)]


def take_years(reading: Reading) -> None:
    """Years that stand alone: a column of that name, or the rows of that year."""
    for number, word in enumerate(reading.asked.words):
        figure = re.match(r"\d{4}(?!\d)", word.text)
        if number in reading.account.covered or figure is None or not _YEAR.fullmatch(figure.group()):
            continue
        year = figure.group()
        over = [column for column in reading.columns if year_over(column) == int(year)]
        if len(over) == 1:
            reading.targets.append(over[0].number)
            reading.account.take({number}, tells=True)
            continue
        column = _year_column(reading)
        if column is not None:
            reading.conditions.append(
                Condition(column.number, "=", Decimal(year), year=column.kind == "dates")
            )
            reading.used.add(column.number)
            reading.account.take({number})


def _year_column(reading: Reading) -> Column | None:
    """The column of years or days that a year speaks of: the named one, else the only one."""
    kinds = ("years", "dates")
    named = [one.column for one in own_named(reading) if one.column.kind in kinds]
    if not named:  # years among which one is no year: "ancient", 1250
        called = meanings("year")
        named = [
            one.column
            for one in reading.named
            if one.column.kind == "figures" and called & meanings(one.column.name.split()[0])
        ]
    possible = named or [column for column in reading.columns if column.kind in kinds]
    if len(possible) > 1:
        reading.unclear = reading.unclear or Unclear("condition", [column.name for column in possible])
        return possible[0]
    return possible[0] if possible else None
