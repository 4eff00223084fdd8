"""What a question asks of a table: an operation, the columns it works on, and which rows count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from everask.answer.whole.dates import Date
from everask.answer.whole.operations import Operation, Sign

ColumnKind = Literal["text", "figures", "years", "dates", "yesno"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column as a question sees it: what its cells are, read once. Figures by row; dates by row."""

    number: int
    name: str
    kind: ColumnKind
    figures: tuple[Decimal | None, ...] = ()
    dates: tuple[Date | None, ...] = ()
    unit: str = ""
    mixed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A row counts when the cell in `column` is as `sign` says against `value`; `part` for one of several
    values in a cell; a year holds for the dates in it."""

    column: int
    sign: Sign
    value: str | Decimal
    part: bool = False
    year: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to read a question: conditions on one column with "=" are alternatives, others must all hold.

    `top` is how many rows `max` and `min` give. `told` says how much of the question the table's own words
    explain, to choose among tables.
    """

    operation: Operation
    targets: tuple[int, ...]
    conditions: tuple[Condition, ...]
    group: int | None = None
    top: int = 1
    told: float = 0.0


@dataclass(frozen=True, slots=True)
class Unclear:
    """A question that a table may answer, but not in one way only: what is unclear, and what it may be."""

    what: Literal["column", "condition", "units", "figures"]
    candidates: Sequence[str]
    told: float = 0.0
