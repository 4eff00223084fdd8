"""Carries a plan out over a table's rows: exact decimal arithmetic, nothing guessed.

What cannot be computed is refused with its reason: a row without a figure is left out and told, rows that
add up others are not counted with them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from everask.answer.whole.columns import columns_of, is_yes
from everask.answer.whole.dates import Date
from everask.answer.whole.figures import is_missing, read_figures
from everask.answer.whole.lexicon import meanings
from everask.answer.whole.matches import fold
from everask.answer.whole.operations import is_total
from everask.answer.whole.plans import Column, Condition, Plan, Unclear
from everask.answer.whole.tables import Row, Table

Value = Decimal | Date
_PARTS = re.compile(r"\s*[;,/、，；]\s*")
# Sums of what figures.py reads are exact; a quotient has so many digits.
EXACT_DIGITS, _DIGITS = 60, 28
MAX_GROUPS = 50


@dataclass(frozen=True, slots=True)
class Item:
    """One figure of a result: what it is of (a row's name, a group's), and the rows that it came from."""

    label: str
    value: Value
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What was computed, from which rows; `without` rows had no figure, `totals` add up others and were
    left out, and `places` is how many decimals to show."""

    plan: Plan
    table: Table
    items: tuple[Item, ...]
    num_rows: int
    without: int = 0
    totals: int = 0
    unit: str = ""
    places: int | None = None


def compute(plan: Plan, table: Table, columns: Sequence[Column] | None = None) -> Result | Unclear:
    """Carry out a plan; `columns` are the table's, for who has them."""
    columns = columns_of(table) if columns is None else columns
    rows = [number for number in range(len(table.rows)) if _holds(plan, columns, table, number)]
    named = {str(one.value).casefold() for one in plan.conditions}
    totals = [
        number
        for number in rows
        if is_total(_label(table.rows[number])) and _label(table.rows[number]).casefold() not in named
    ]
    rows = [number for number in rows if number not in set(totals)]
    with localcontext() as context:
        context.prec = EXACT_DIGITS
        if plan.group is not None:
            return _grouped(plan, table, columns, rows, len(totals))
        if plan.operation in ("difference", "change"):
            return _difference(plan, table, columns, rows)
        return _plain(plan, table, columns, rows, len(totals))


def _holds(plan: Plan, columns: Sequence[Column], table: Table, number: int) -> bool:
    """Whether a row counts: of "=" on one column any must hold, of everything else all."""
    by_column: dict[int, list[bool]] = {}
    for one in plan.conditions:
        met = _meets(one, columns[one.column], table.rows[number].cell(one.column), number)
        if one.sign == "=":
            by_column.setdefault(one.column, []).append(met)
        elif not met:
            return False
    return all(any(met) for met in by_column.values())


def _meets(condition: Condition, column: Column, cell: str, number: int) -> bool:
    wanted = condition.value
    if isinstance(wanted, str):
        if column.kind == "yesno":
            return is_yes(cell)
        if condition.part:
            return fold(wanted) in {fold(part) for part in [cell, *_PARTS.split(cell)]}
        return fold(cell) == fold(wanted)
    if condition.year:
        date = column.dates[number] if column.dates else None
        found = Decimal(date.year) if date else None
    else:
        found = column.figures[number] if column.figures else None
    if found is None:
        return False
    signs = {">": found > wanted, ">=": found >= wanted, "<": found < wanted, "<=": found <= wanted}
    return signs.get(condition.sign, found == wanted)


def _label(row: Row) -> str:
    return next((cell for cell in row.cells if cell), "")


def name_of(table: Table, row: Row, columns: Sequence[Column]) -> str:
    """What a row is called: the column of names, else its first cell of text that no other row has."""
    called = meanings("name")
    possible: list[str] = []
    for column in columns:
        if column.kind != "text" or not row.cell(column.number):
            continue
        cells = [cell for cell in table.column(column.number) if cell]
        if len(set(cells)) > 0.9 * len(cells):
            if meanings(column.name) & called:
                return row.cell(column.number)
            possible.append(row.cell(column.number))
    return possible[0] if possible else _label(row)


def _values(
    plan: Plan, table: Table, columns: Sequence[Column], rows: Sequence[int]
) -> tuple[list[tuple[int, Value]], int]:
    """The figures (or days) of the target columns in these rows, and how many cells have none."""
    found: list[tuple[int, Value]] = []
    without = 0
    for number in rows:
        for target in plan.targets:
            column = columns[target]
            value: Value | None = column.figures[number] if column.figures else None
            if column.kind == "dates":
                value = column.dates[number]
            if value is None:
                without += 1
            else:
                found.append((number, value))
    return found, without


def _units(plan: Plan, table: Table, rows: Sequence[int]) -> list[str]:
    """The different signs beside the figures of these rows; none where all have the same."""
    cells = [table.rows[number].cell(target) for number in rows for target in plan.targets]
    read = read_figures(
        [cell for cell in cells if not is_missing(cell)], table.document.language, as_written="."
    )
    return [unit or "–" for unit in read.mixed] if read else []


def _plain(
    plan: Plan, table: Table, columns: Sequence[Column], rows: Sequence[int], totals: int
) -> Result | Unclear:
    whole = [table.rows[number] for number in rows]
    if plan.operation == "count":
        return Result(plan, table, (Item("", Decimal(len(rows)), tuple(whole)),), len(rows), totals=totals)
    if plan.operation == "distinct":
        cells = {fold(row.cell(plan.targets[0])) for row in whole} - {""}
        return Result(plan, table, (Item("", Decimal(len(cells)), tuple(whole)),), len(rows), totals=totals)
    values, without = _values(plan, table, columns, rows)
    if len(_units(plan, table, rows)) > 1:
        return Unclear("units", _units(plan, table, rows))
    if not values or (plan.operation == "average" and len(values) < 2):
        return Unclear("figures", [columns[target].name for target in plan.targets])
    unit = columns[plan.targets[0]].unit
    if plan.operation in ("min", "max"):
        items = _extremes(plan, table, columns, values)
    else:
        used = tuple(table.rows[number] for number in dict.fromkeys(number for number, _ in values))
        items = (Item("", _total(plan, [value for _, value in values]), used),)
    places = _places([value for _, value in values]) + (2 if plan.operation == "average" else 0)
    return Result(plan, table, items, len(rows), without, totals, unit, places)


def _total(plan: Plan, values: Sequence[Value]) -> Decimal:
    figures = [value for value in values if isinstance(value, Decimal)]
    total = sum(figures, Decimal(0))
    if plan.operation != "average":
        return total
    with localcontext() as context:
        context.prec = _DIGITS
        return total / len(figures)


def _extremes(
    plan: Plan, table: Table, columns: Sequence[Column], values: list[tuple[int, Value]]
) -> tuple[Item, ...]:
    """The first `top` rows by value; with those that are as good as the last."""
    days = [(number, value) for number, value in values if isinstance(value, Date)]
    figures = [(number, value) for number, value in values if isinstance(value, Decimal)]
    highest = plan.operation == "max"
    ranked: list[tuple[int, Value]] = [
        *sorted(days, key=lambda one: one[1], reverse=highest),
        *sorted(figures, key=lambda one: one[1], reverse=highest),
    ]
    last = ranked[: plan.top][-1][1]
    kept = [one for at, one in enumerate(ranked) if at < plan.top or one[1] == last]
    return tuple(
        Item(name_of(table, table.rows[number], columns), value, (table.rows[number],))
        for number, value in kept[:MAX_GROUPS]
    )


def _grouped(
    plan: Plan, table: Table, columns: Sequence[Column], rows: Sequence[int], totals: int
) -> Result | Unclear:
    assert plan.group is not None
    groups: dict[str, list[int]] = {}
    for number in rows:
        groups.setdefault(table.rows[number].cell(plan.group) or "–", []).append(number)
    if len(groups) > MAX_GROUPS:
        return Unclear("column", [columns[plan.group].name])
    items: list[Item] = []
    without, places = 0, 0
    for label, numbers in groups.items():
        used = tuple(table.rows[number] for number in numbers)
        if plan.operation == "count":
            items.append(Item(label, Decimal(len(numbers)), used))
            continue
        values, missing = _values(plan, table, columns, numbers)
        without += missing
        if values and plan.operation in ("sum", "average"):
            items.append(Item(label, _total(plan, [value for _, value in values]), used))
            places = max(places, _places([value for _, value in values]) + 2 * (plan.operation == "average"))
    if not items:
        return Unclear("figures", [columns[target].name for target in plan.targets])
    items.sort(key=lambda one: -one.value if isinstance(one.value, Decimal) else 0)
    unit = columns[plan.targets[0]].unit if plan.targets else ""
    return Result(plan, table, tuple(items), len(rows), without, totals, unit, places)


def _difference(plan: Plan, table: Table, columns: Sequence[Column], rows: Sequence[int]) -> Result | Unclear:
    """Of two rows in one column, or of one row in two columns: the larger less the smaller, but a change
    is the later less the earlier."""
    values, without = _values(plan, table, columns, rows)
    if len(values) != 2 or without:
        return Unclear("condition", [name_of(table, table.rows[number], columns) for number in rows[:5]])
    if len(plan.targets) == 2:
        ordered = sorted(zip(plan.targets, values, strict=True), key=lambda one: columns[one[0]].name)
        parts = [(columns[target].name, number, value) for target, (number, value) in reversed(ordered)]
    else:
        parts = [(name_of(table, table.rows[number], columns), number, value) for number, value in values]
    if plan.operation == "difference":
        parts.sort(key=lambda one: one[2] if isinstance(one[2], Decimal) else Decimal(0), reverse=True)
    elif len(plan.targets) != 2:
        return Unclear("condition", [column.name for column in columns if column.kind in ("years", "dates")])
    (first, one_row, more), (second, other_row, less) = parts
    assert isinstance(more, Decimal) and isinstance(less, Decimal)
    items = (
        Item("", more - less, ()),
        Item(first, more, (table.rows[one_row],)),
        Item(second, less, (table.rows[other_row],)),
    )
    unit = columns[plan.targets[0]].unit
    return Result(plan, table, items, len(rows), 0, 0, unit, _places([more, less]))


def _places(values: Sequence[Value]) -> int:
    """The most decimals that any figure has."""
    exponents = [value.as_tuple().exponent for value in values if isinstance(value, Decimal)]
    return max((-one for one in exponents if isinstance(one, int) and one < 0), default=0)
