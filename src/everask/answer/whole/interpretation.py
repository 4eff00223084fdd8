"""From a question and a table to a plan, or to what is unclear; nothing where the table has no answer.

Every word of the question must be accounted for: by the operation, by the table's names, columns and
cells, by figures that are compared, or as a word that only holds a question together. One word too many
("retired", "expected") and the table is taken not to answer: a refusal costs less than a wrong sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from everask.answer.whole.columns import columns_of
from everask.answer.whole.conditions import Reading, take_cells, take_comparisons, take_range, take_years
from everask.answer.whole.lexicon import meanings
from everask.answer.whole.matches import (
    Likeness,
    Named,
    Said,
    fold,
    named_columns,
    said_cells,
    title_words,
)
from everask.answer.whole.operations import Operation
from everask.answer.whole.plans import Column, Condition, Plan, Unclear
from everask.answer.whole.question import Account, Asked
from everask.answer.whole.tables import Table

_DATA = ("csv", "spreadsheet", "json", "tab-separated", "opendocument")

_MAX_NAMED = 5
_KINDS = ("text", "yesno", "years")


def interpret(
    asked: Asked, table: Table, columns: Sequence[Column] | None = None, like: Likeness | None = None
) -> Plan | Unclear | None:
    """The one plan that accounts for every word, or what is unclear about it, or None.

    `columns` are the table's, for who has them: to read a long table takes seconds.
    """
    if not asked.operations or not can_explain(asked, table):
        return None
    columns = columns_of(table) if columns is None else columns
    named = named_columns(asked, columns, table.document.language, like)
    title = title_words(asked, table)
    said = said_cells(asked, table, columns)
    unclear: Unclear | None = None
    for operation in _operations(asked, said):
        reading = Reading(asked, table, columns, operation, Account(asked), list(named), title)
        made = _read(reading, title, said)
        if isinstance(made, Plan):
            return made
        unclear = unclear or made
    return unclear


def can_explain(asked: Asked, table: Table) -> bool:
    """Whether the table has the beginning of every word that nothing else explains: told at once, where to
    read its columns takes seconds. Most questions with "how many" or "most" are not about tables."""
    spans = [*(one[:2] for one in asked.operations), *((one.start, one.end) for one in asked.comparisons)]
    spans += [one[:2] for one in (asked.top, asked.range) if one]
    asking = set[int]().union(*(asked.between(start, end) for start, end in spans))
    wanted = [
        fold(word.text)[: max(3, len(word.text) * 3 // 5)]
        for number, word in enumerate(asked.words)
        if number not in asking and word.text.isalpha() and not word.filler and not word.meanings
    ]
    if not wanted:
        return True
    document = table.document
    known = fold(" ".join([document.name, document.title, table.title, *table.header]))
    left = [one for one in wanted if one not in known]
    text = fold(document.text) if left else ""
    return all(one in text for one in left)


def _operations(asked: Asked, said: list[Said]) -> list[Operation]:
    """What is asked for, but not what only stands in a row's name: "total assets"."""
    return list(
        dict.fromkeys(
            name
            for start, end, name in asked.operations
            if not any(one.start < end <= one.end for one in said)
        )
    )


def _read(reading: Reading, title: set[int], said: list[Said]) -> Plan | Unclear | None:
    account = reading.account
    for start, end, operation in reading.asked.operations:
        if operation == reading.operation or (operation == "sum" and reading.operation == "count"):
            account.take(reading.asked.between(start, end))
    account.take(title, tells=True)
    _take_top(reading)
    take_cells(reading, said)
    take_range(reading)
    take_comparisons(reading)
    take_years(reading)
    for one in reading.named:
        account.take(set(one.words), tells=True)
    if account.left() or not account.told or _shares(reading.asked):
        return None
    # A column whose name is the table's own says nothing more: "How many releases?" of a list of releases.
    reading.named = [one for one in reading.named if one.column.kind == "figures" or not one.words <= title]
    _take_group(reading)
    _take_yes(reading)
    if reading.unclear is None:
        _choose_targets(reading)
    if reading.unclear is not None:
        return Unclear(reading.unclear.what, reading.unclear.candidates, account.told)
    top = reading.asked.top[2] if reading.asked.top and reading.operation in ("min", "max") else 1
    return Plan(
        reading.operation,
        tuple(reading.targets),
        tuple(dict.fromkeys(reading.conditions)),
        reading.group,
        top,
        account.told,
    )


def _shares(asked: Asked) -> bool:
    """Whether a percentage is asked for, which none of the operations gives."""
    inside = [(one.start, one.end) for one in asked.comparisons]
    places = [at for at, one in enumerate(asked.text) if one == "%"]
    return any(not any(start <= at < end for start, end in inside) for at in places)


def _take_top(reading: Reading) -> None:
    if reading.asked.top:
        start, end, _ = reading.asked.top
        reading.account.take(reading.asked.between(start, end))


def _take_group(reading: Reading) -> None:
    if reading.asked.group is None or reading.asked.top:
        return
    start, end = reading.asked.group
    if any(one.start <= start < one.end for one in reading.asked.comparisons):
        return  # "nach 1950", "по 1950": a day, not a group
    inside = reading.asked.between(start, end)
    possible = [
        one.column
        for one in reading.named
        if set(one.words) <= inside and _follows(reading.asked, one, start) and one.column.kind in _KINDS
    ]
    if len(possible) == 1 and possible[0].number not in reading.used:
        reading.group = possible[0].number
        reading.used.add(possible[0].number)


def _follows(asked: Asked, named: Named, place: int) -> bool:
    """Whether a column is named by the first words after "per" or "by"."""
    after = [n for n, word in enumerate(asked.words) if word.start > place and not word.filler]
    return bool(after) and after[0] in named.words


def _take_yes(reading: Reading) -> None:
    """A column of yes and no that is named is a condition: those with yes."""
    for one in reading.named:
        if one.column.kind == "yesno" and one.column.number not in reading.used:
            reading.conditions.append(Condition(one.column.number, "=", "yes"))
            reading.used.add(one.column.number)


def _choose_targets(reading: Reading) -> None:
    spent = set[int]().union(*(one.words for one in reading.named if one.column.number in reading.used))
    free = [one for one in reading.named if one.column.number not in reading.used and not one.words <= spent]
    if reading.operation == "count":
        _count_or_sum(reading, free)
        return
    if reading.operation == "distinct":
        texts = [one.column.number for one in free if one.column.kind in ("text", "years")]
        reading.targets = texts
        if len(texts) != 1:
            reading.unclear = Unclear("column", _names(reading, texts))
        return
    kinds = ("figures", "dates", "years") if reading.operation in ("min", "max") else ("figures",)
    if reading.targets:
        _check_wide(reading)
        return
    _choose_named(reading, free, kinds)


def _choose_named(reading: Reading, free: list[Named], kinds: Sequence[str]) -> None:
    """The column of figures that is named best; where none is, the only one there is."""
    fits = [one for one in free if one.column.kind in kinds]
    if not fits:  # "the average age of those above 60"
        fits = [one for one in reading.named if one.column.kind == "figures"]
    cues = set[int]().union(
        *(reading.asked.between(start, end) for start, end, _ in reading.asked.operations)
    )
    # "Сумма" asks for a sum and names a column of amounts: where another is named, it only asks.
    fits = [one for one in fits if not one.words <= cues] or fits
    best = max((one.share for one in fits), default=0.0)
    best_fits = [one.column for one in fits if one.share >= best - 0.05]
    possible = best_fits or [column for column in reading.columns if column.kind == "figures"]
    if len(possible) == 1:
        _check_units(reading, possible[0])
        reading.targets = [possible[0].number]
    else:
        names = [column.name for column in possible] or [column.name for column in reading.columns]
        reading.unclear = Unclear("column", [name for name in names if name][:_MAX_NAMED])


def _check_wide(reading: Reading) -> None:
    """Columns that are named by years: which row is meant must be said, and their cells be figures."""
    wrong = [number for number in reading.targets if reading.columns[number].kind != "figures"]
    measures = [column for column in reading.columns if column.kind == "figures"]
    if wrong:
        reading.unclear = Unclear("figures", _names(reading, wrong))
    elif not reading.conditions and len(measures) > 1:
        labels = reading.table.column(0)
        reading.unclear = Unclear("condition", [label for label in labels if label][:_MAX_NAMED])
    for number in reading.targets:
        _check_units(reading, reading.columns[number])


def _check_units(reading: Reading, column: Column) -> None:
    if len(column.mixed) > 1:
        reading.unclear = Unclear("units", [unit for unit in column.mixed if unit])


def _count_or_sum(reading: Reading, free: list[Named]) -> None:
    """ "How many inhabitants" adds up a column, "how many countries" counts rows."""
    figures = [one for one in free if one.column.kind == "figures"]
    if reading.targets or len(figures) > 1:
        reading.unclear = Unclear("column", [one.column.name for one in figures])
    elif figures:
        cue = next(end for _, end, one in reading.asked.operations if one == "count")
        follows = _follows_cue(reading, cue, figures[0])
        if follows and meanings_of(figures[0].column.name) & _quantities():
            reading.operation = "sum"
            reading.targets = [figures[0].column.number]
            _check_units(reading, figures[0].column)
        elif not (follows and _is_key(reading.table, figures[0])):
            reading.unclear = Unclear("condition", [figures[0].column.name])
    elif not reading.conditions and reading.group is None and not _is_data(reading.table):
        # A small table in a text lists some of them; that these are all is not said.
        reading.unclear = Unclear("condition", [])
    elif loose := [one for one in free if one.column.kind != "text" or not _is_key(reading.table, one)]:
        reading.unclear = Unclear("condition", [one.column.name for one in loose])


@cache
def _quantities() -> frozenset[int]:
    """What columns of things that add up are called."""
    names = ("population", "quantity", "amount", "employee", "customer", "revenue", "cost", "profit")
    return frozenset[int]().union(*(meanings(one) for one in names))


def meanings_of(name: str) -> frozenset[int]:
    """The meanings of all words of a column's name."""
    return frozenset[int]().union(*(meanings(word) for word in name.split()))


def _is_data(table: Table) -> bool:
    return any(one in table.document.media_type for one in _DATA)


def _is_key(table: Table, named: Named) -> bool:
    """Whether each row has another text in a column: to count its texts is then to count rows."""
    cells = [cell for cell in table.column(named.column.number) if cell]
    return len(set(cells)) == len(cells)


def _follows_cue(reading: Reading, cue: int, named: Named) -> bool:
    """Whether a column is what "how many" asks for: "how many inhabitants", "how many Ubuntu versions"."""
    asked = reading.asked
    after = [number for number, word in enumerate(asked.words) if word.start >= cue]
    while after and asked.words[after[0]].filler and after[0] not in named.words:
        after.pop(0)
    while after and after[0] in reading.title and after[0] not in named.words:
        after.pop(0)
    return bool(after) and after[0] in named.words


def _names(reading: Reading, numbers: Sequence[int]) -> list[str]:
    chosen = [reading.columns[number].name for number in numbers]
    return chosen or [column.name for column in reading.columns if column.name][:_MAX_NAMED]
